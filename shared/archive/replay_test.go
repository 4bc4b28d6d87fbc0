package archive_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
)

func TestBytesThatAreNoLineAreSkipped(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(log []byte) []byte{
		"a torn line":              func(log []byte) []byte { return append(log, `{"Sequence":3,"Prev`...) },
		"a torn line with its end": func(log []byte) []byte { return append(log, "{\"Sequence\":3,\n"...) },
		"a second copy of the last": func(log []byte) []byte {
			return append(log, log[strings.IndexByte(string(log), '\n')+1:]...)
		},
		"a second copy of everything":  func(log []byte) []byte { return append(log, log...) },
		"a last line without its end":  func(log []byte) []byte { return log[:len(log)-1] },
		"a blank line":                 func(log []byte) []byte { return append(log, '\n') },
		"a torn line and a blank line": func(log []byte) []byte { return append(log, "{\n\n"...) },
	} {
		for _, withHead := range []bool{true, false} {
			b := newFixture(t)
			b.commitStep("a")
			b.commitStep("b")
			if name == "a last line without its end" && withHead {
				continue // no head can name more than was stored
			}
			b.putObject(logKey11, spoil(b.readObject(logKey11)))
			if !withHead {
				b.putObject(headKey, nil)
			}
			if r := b.readNow(); r.Sequence != 2 {
				t.Errorf("%s: a reader sees sequence %d", name, r.Sequence)
			}
			b.commitStep("c")
			b.commitStep("d")
			if r := b.readNow(); r.Sequence != 4 {
				t.Errorf("%s: after two runs a reader sees sequence %d", name, r.Sequence)
			}
			b.putObject(headKey, nil)
			b.wantContents(b.readNow(), "_any/_any ok d=\n")
		}
	}
}

func TestTornFirstLineOfAFile(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.putObject(logKey11, []byte(`{"Sequ`))
	b.commitStep("a")
	b.now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	b.putObject(logKey12, []byte(`{"Sequ`))
	b.commitStep("b")
	b.putObject(headKey, nil)
	b.wantContents(b.readNow(), "_any/_any ok b=\n")
	b.putObject(logKey12, []byte(`{"Sequ`))
	b.wantContents(b.readNow(), "_any/_any ok a=\n")
}

func TestDamageIsAnError(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(lines []string) []string{
		"a commit is missing": func(l []string) []string { return append(l[:1:1], l[2:]...) },
		"a commit was flipped": func(l []string) []string {
			l[1] = strings.Replace(l[1], `"ImageId":"b"`, `"ImageId":"x"`, 1)
			return l
		},
		"a commit does not parse": func(l []string) []string { l[1] = l[1][1:]; return l },
		"a commit is of another format": func(l []string) []string {
			l[2] = strings.Replace(l[2], `"Format":2`, `"Format":1`, 1)
			return l
		},
		"a commit is of another place": func(l []string) []string {
			l[2] = strings.ReplaceAll(l[2], region, "cn-beijing")
			return l
		},
		"commits are swapped": func(l []string) []string { l[1], l[2] = l[2], l[1]; return l },
	} {
		b := newFixture(t)
		b.commitStep("a")
		b.commitStep("b")
		b.commitStep("c")
		lines := strings.SplitAfter(string(b.readObject(logKey11)), "\n")
		b.putObject(logKey11, []byte(strings.Join(spoil(lines), "")))
		b.putObject(headKey, nil)
		_, err := archive.New(b.bucket, b.keys).Now(context.Background(), region, nil)
		var damaged *format.DamagedError
		if !errors.As(err, &damaged) || damaged.Key != logKey11 {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := newFixture(t)
	b.commitStep("a")
	b.putObject(logKey11, b.readObject(logKey11)[:40])
	var damaged *format.DamagedError
	if _, err := archive.New(b.bucket, b.keys).Now(context.Background(), region, nil); !errors.As(err, &damaged) {
		t.Errorf("a log shorter than its head names: %v", err)
	}
}
