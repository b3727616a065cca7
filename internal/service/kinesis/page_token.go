package kinesis

import (
	"context"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
	"github.com/millrace/millrace/internal/store/row"
)

// pageLife is how long a page token can be used (reference kinesis-streams §3).
const pageLife = 300 * time.Second

// page is what a page token means: where a listing goes on, and of what.
type page struct {
	op          string    // the operation
	key         streamKey // the stream; of account-wide listings without a name
	incarnation uint64    // of the stream
	filter      []byte    // the operation's own question
	after       string    // the last name that was shown
}

// pageRow is a page as it is sealed.
type pageRow struct {
	Op          string    `json:"op"`
	Account     string    `json:"account"`
	Region      string    `json:"region"`
	Name        string    `json:"name,omitempty"`
	Incarnation uint64    `json:"incarnation,omitempty"`
	Filter      []byte    `json:"filter,omitempty"`
	After       string    `json:"after"`
	Made        time.Time `json:"made"`
}

// sealPage returns the token of the page after p.after.
func (s *Service) sealPage(p page) (string, error) {
	return s.tokens.Seal(pageToken, row.Encode(pageRow{p.op, p.key.account, p.key.region, p.key.name, p.incarnation, p.filter, p.after, s.o.Clock.Now()}))
}

// openPage reverses sealPage. A token that is none of this operation's, account's
// and region's is invalid; one that is too old has expired.
func (s *Service) openPage(ctx context.Context, op, token string) (page, error) {
	call := api.CallOf(ctx)
	var p pageRow
	b, err := s.tokens.Open(nil, pageToken, token)
	if err == nil {
		err = row.Decode(b, &p)
	}
	if err != nil || p.Op != op || p.Account != call.Account || p.Region != call.Region {
		return page{}, kinesisapi.ErrInvalidArgumentException.New("Invalid NextToken.")
	}
	if age := s.o.Clock.Now().Sub(p.Made); age > pageLife {
		return page{}, kinesisapi.ErrExpiredNextTokenException.New("NextToken has expired. It was created %d seconds ago; the tolerated delay is %d seconds.", int(age.Seconds()), int(pageLife.Seconds()))
	}
	return page{p.Op, streamKey{p.Account, p.Region, p.Name}, p.Incarnation, p.Filter, p.After}, nil
}
