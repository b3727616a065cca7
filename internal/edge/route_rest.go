package edge

// routeOther serves the requests that carry no name of an operation in a header:
// Query and the REST protocols.
func (x *exchange) routeOther() route {
	return route{refusal: refuseNoOperation}
}
