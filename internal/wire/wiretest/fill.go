package wiretest

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/api"
)

// Fill sets the members of s from JSON in the form of the cases: members by the
// model's names, timestamps as epoch seconds, blobs as text, NaN and Infinity as
// strings, null for an absent entry of a sparse collection.
func Fill(s api.Struct, text []byte) error {
	v, err := parseJSON(text)
	if err != nil {
		return err
	}
	return fillStruct(s, v)
}

func fillStruct(s api.Struct, v any) error {
	members, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: %T is no object", s.Schema().Name, v)
	}
	for name, value := range members {
		if value == nil { // null is absent
			continue
		}
		i := memberByName(s.Schema(), name)
		if i < 0 {
			return fmt.Errorf("%s has no member %s", s.Schema().Name, name)
		}
		m := &s.Schema().Members[i]
		var slot any
		if m.Schema.Kind == api.KindStruct {
			slot = s.Nested(i, true)
		} else {
			slot = s.Member(i)
		}
		if err := fillSlot(m, slot, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func memberByName(s *api.Schema, name string) int {
	for i := range s.Members {
		if s.Members[i].Name == name {
			return i
		}
	}
	return -1
}

func fillSlot(m *api.Member, slot, v any) error {
	switch slot := slot.(type) {
	case api.Struct:
		return fillStruct(slot, v)
	case api.List:
		items, ok := v.([]any)
		if !ok {
			return fmt.Errorf("%T is no list", v)
		}
		slot.Make(len(items))
		for i, item := range items {
			element := slot.Append()
			if item == nil {
				continue
			}
			if err := fillSlot(m.Schema.Elem, element, item); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
		return nil
	case api.Map:
		items, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("%T is no map", v)
		}
		slot.Make(len(items))
		for k, item := range items {
			err := slot.Put(k, func(value any) error {
				if item == nil {
					return nil
				}
				return fillSlot(m.Schema.Elem, value, item)
			})
			if err != nil {
				return fmt.Errorf("entry %q: %w", k, err)
			}
		}
		return nil
	case *api.Document:
		slot.V = v
		return nil
	}
	return fillScalar(m, slot, v)
}

func fillScalar(m *api.Member, slot, v any) error {
	if _, isText := v.(string); m.JSONValue && !isText {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		v = string(text)
	}
	var err error
	switch slot := slot.(type) {
	case *api.Opt[string]:
		slot.V, slot.Set = fmt.Sprint(v), true
	case *string:
		*slot = fmt.Sprint(v)
	case *[]byte:
		*slot = append([]byte{}, fmt.Sprint(v)...)
	case *api.Opt[[]byte]:
		slot.V, slot.Set = append([]byte{}, fmt.Sprint(v)...), true
	case *api.Opt[bool]:
		slot.V, err = strconv.ParseBool(fmt.Sprint(v))
		slot.Set = true
	case *bool:
		*slot, err = strconv.ParseBool(fmt.Sprint(v))
	case *api.Opt[int32]:
		slot.V, err = parseInt32(v)
		slot.Set = true
	case *int32:
		*slot, err = parseInt32(v)
	case *api.Opt[int64]:
		slot.V, err = strconv.ParseInt(fmt.Sprint(v), 10, 64)
		slot.Set = true
	case *int64:
		*slot, err = strconv.ParseInt(fmt.Sprint(v), 10, 64)
	case *api.Opt[float32]:
		slot.V, err = parseFloat32(v)
		slot.Set = true
	case *float32:
		*slot, err = parseFloat32(v)
	case *api.Opt[float64]:
		slot.V, err = strconv.ParseFloat(fmt.Sprint(v), 64)
		slot.Set = true
	case *float64:
		*slot, err = strconv.ParseFloat(fmt.Sprint(v), 64)
	case *api.Opt[time.Time]:
		slot.V, err = parseEpoch(v)
		slot.Set = true
	case *time.Time:
		*slot, err = parseEpoch(v)
	default:
		err = fmt.Errorf("a slot of type %T", slot)
	}
	return err
}

func parseInt32(v any) (int32, error) {
	n, err := strconv.ParseInt(fmt.Sprint(v), 10, 32)
	return int32(n), err
}

func parseFloat32(v any) (float32, error) {
	f, err := strconv.ParseFloat(fmt.Sprint(v), 32)
	return float32(f), err
}

// parseEpoch reads seconds since the epoch, to the millisecond.
func parseEpoch(v any) (time.Time, error) {
	f, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	return time.UnixMilli(int64(math.Round(f * 1000))).UTC(), err
}
