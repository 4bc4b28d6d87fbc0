package response

import (
	"slices"

	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/request"
)

// maxBodyBytes bounds an answer, whatever it contains. Package fcrun can send a
// little less than 24 MB as base64, and checks each body as it is sent; this limit
// is checked earlier, where the error can name the parameter to change.
const maxBodyBytes = 23 << 20

// answerTooLarge returns the fault of a request whose answer has too many
// bytes. It names the parameter that makes the answer smaller. limit is that of the
// request; 0: it has none.
func answerTooLarge(rt *request.Route, limit, bytes int) fault.Fault {
	f := fault.Fault{
		Code:   fault.CodeInvalid,
		Name:   "ClusterId",
		Reason: message.New("makes an answer of %d MB; the limit is %d MB", bytes>>20, maxBodyBytes>>20),
	}
	allowed := []message.Text{message.New("fewer scopes")}
	switch {
	case !rt.HasParam("ClusterId"):
		f.Name, allowed = "RegionId", []message.Text{message.New("one region")}
	case !rt.HasParam("limit"):
	case limit == 0:
		f.Name, allowed = "limit", slices.Insert(allowed, 0, message.New("a limit"))
		f.Reason = message.New("is not given, and all that matches is %d MB; the most is %d MB", bytes>>20,
			maxBodyBytes>>20)
	default:
		f.Name, allowed = "limit", slices.Insert(allowed, 0, message.New("a smaller limit"))
	}
	if rt.HasParam("fields") {
		allowed = append(allowed, message.New("fields"))
	}
	f.Allowed = message.List(", or ", allowed)
	return f
}
