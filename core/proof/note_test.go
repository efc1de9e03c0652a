package proof_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/proof"
)

var ledger = [16]byte{0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3, 0x98, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f}

// key makes the same key each time from a name and one byte.
func key(t testing.TB, name string, seed byte) proof.Key {
	t.Helper()
	k, err := proof.ParseKey(secretOf(t, name, seed) + "\n")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func secretOf(t testing.TB, name string, seed byte) string {
	t.Helper()
	secret, err := proof.GenerateKey(name, bytes.NewReader(bytes.Repeat([]byte{seed}, 64)))
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func ledgerKey(t testing.TB) proof.Key  { return key(t, proof.Origin(ledger), 1) }
func witnessKey(t testing.TB) proof.Key { return key(t, "witness.example/one", 2) }

var checkpoint = proof.Checkpoint{
	Ledger: ledger,
	Size:   42,
	Root:   proof.Hash{0: 1, 31: 2},
	State:  proof.Hash{0: 0xab, 31: 0xcd},
	Engine: 1,
	Time:   time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC).UnixMicro(),
	Epoch:  7,
}

// The text is for ever: outsiders keep it.
const checkpointText = `longmen/017f22e2-79b0-7cc3-98c4-dc0c0c07398f
42
AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAI=
state ab000000000000000000000000000000000000000000000000000000000000cd
engine 1
time 2026-01-02T03:04:05.000006Z
epoch 7
clock real
`

func sign(t testing.TB, c proof.Checkpoint) []byte {
	t.Helper()
	signed, err := ledgerKey(t).Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestCheckpointTextIsFixed(t *testing.T) {
	if got := checkpoint.Text(); got != checkpointText {
		t.Errorf("got\n%s\nwant\n%s", got, checkpointText)
	}
	back, err := proof.ParseCheckpoint(checkpointText)
	if err != nil || back != checkpoint {
		t.Errorf("read %+v, %v", back, err)
	}
}

func TestCheckpointAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := proof.Checkpoint{
			Size:      rapid.Uint64Range(1, proof.MaxSize).Draw(t, "size"),
			Engine:    rapid.Uint32().Draw(t, "engine"),
			Time:      rapid.Int64Range(0, 253402300799_999999).Draw(t, "time"),
			Epoch:     rapid.Uint64().Draw(t, "epoch"),
			Simulated: rapid.Bool().Draw(t, "simulated"),
		}
		for _, b := range [][]byte{c.Ledger[:], c.Root[:], c.State[:]} {
			copy(b, rapid.SliceOfN(rapid.Byte(), len(b), len(b)).Draw(t, "bytes"))
		}
		back, err := proof.ParseCheckpoint(c.Text())
		if err != nil || back != c {
			t.Fatalf("%+v became %+v, %v", c, back, err)
		}
	})
}

func TestParseCheckpointRefuses(t *testing.T) {
	swap := func(old, new string) string { return strings.Replace(checkpointText, old, new, 1) }
	for name, text := range map[string]string{
		"nothing":                "",
		"a line fewer":           swap("epoch 7\n", ""),
		"a line more":            checkpointText + "more\n",
		"no last line end":       strings.TrimSuffix(checkpointText, "\n"),
		"another origin":         swap("longmen/", "sumdb/"),
		"a ledger in capitals":   swap("7cc3", "7CC3"),
		"a size of zero":         swap("\n42\n", "\n0\n"),
		"a size with a zero":     swap("\n42\n", "\n042\n"),
		"a size beyond a tree":   swap("\n42\n", "\n9007199254740993\n"),
		"a size with a sign":     swap("\n42\n", "\n+42\n"),
		"a root too short":       swap("AQAA", ""),
		"a root in two ways":     swap("AAI=", "AAJ="),
		"a digest too short":     swap("state ab00", "state ab"),
		"a digest in capitals":   swap("state ab", "state AB"),
		"lines in another order": swap("engine 1\ntime 2026-01-02T03:04:05.000006Z\n", "time 2026-01-02T03:04:05.000006Z\nengine 1\n"),
		"an engine too large":    swap("engine 1", "engine 4294967296"),
		"a time in milliseconds": swap("05.000006Z", "05.000Z"),
		"a time in another zone": swap("000006Z", "000006+08:00"),
		"a day that is none":     swap("2026-01-02", "2026-02-30"),
		"a time before 1970":     swap("2026-", "1969-"),
		"another clock":          swap("clock real", "clock sundial"),
		"a carriage return":      swap("epoch 7\n", "epoch 7\r\n"),
		"two spaces":             swap("epoch 7", "epoch  7"),
		"too long":               strings.Repeat("a", 20<<10),
	} {
		if c, err := proof.ParseCheckpoint(text); !errors.Is(err, proof.ErrMalformed) {
			t.Errorf("%s: read %+v, %v", name, c, err)
		}
	}
}

func TestSignAndOpen(t *testing.T) {
	log, witness := ledgerKey(t), witnessKey(t)
	signed := sign(t, checkpoint)
	if !strings.HasPrefix(string(signed), checkpointText+"\n— "+proof.Origin(ledger)+" ") {
		t.Errorf("the note is\n%s", signed)
	}
	s, err := proof.Open(signed, log.Public())
	if err != nil || s.Checkpoint != checkpoint || len(s.Witnesses) != 0 {
		t.Errorf("opened %+v, %v", s, err)
	}

	cosigned, err := witness.Cosign(signed, log.Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		witnesses []string
		want      int
	}{
		{"by one who knows no witness", nil, 0},
		{"by one who knows the witness", []string{witness.Public()}, 1},
		{"by one who knows another witness too", []string{key(t, "witness.example/two", 3).Public(), witness.Public()}, 1},
	} {
		s, err := proof.Open(cosigned, log.Public(), c.witnesses...)
		if err != nil || s.Checkpoint != checkpoint || len(s.Witnesses) != c.want {
			t.Errorf("co-signed, opened %s: %+v, %v", c.name, s, err)
		}
	}
	again, err := witness.Cosign(cosigned, log.Public())
	if err != nil || !bytes.Equal(again, cosigned) {
		t.Errorf("a second signature of one witness gave %v and\n%s", err, again)
	}
}

func TestOpenRefuses(t *testing.T) {
	log, witness := ledgerKey(t), witnessKey(t)
	signed := sign(t, checkpoint)
	cosigned, err := witness.Cosign(signed, log.Public())
	if err != nil {
		t.Fatal(err)
	}
	last := signed[bytes.LastIndex(signed, []byte("—")):]
	many := signed
	for i := range byte(15) {
		if many, err = key(t, "witness", 10+i).Cosign(many, log.Public()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := key(t, "witness", 100).Cosign(many, log.Public()); err == nil {
		t.Error("a 17th signature was added")
	}
	witnessOnly := append([]byte(checkpointText+"\n"), cosigned[len(signed):]...)
	for _, c := range []struct {
		name   string
		signed []byte
		public string
		want   error
	}{
		{"nothing", nil, log.Public(), proof.ErrMalformed},
		{"no signature", []byte(checkpointText), log.Public(), proof.ErrMalformed},
		{"an empty block", []byte(checkpointText + "\n"), log.Public(), proof.ErrMalformed},
		{"too long", append(bytes.Repeat([]byte("a\n"), 10<<10), signed...), log.Public(), proof.ErrMalformed},
		{"one signature twice", append(bytes.Clone(signed), last...), log.Public(), proof.ErrMalformed},
		{"too many signatures", append(bytes.Clone(many), cosigned[len(signed):]...), log.Public(), proof.ErrMalformed},
		{"another key of that name", signed, key(t, log.Name(), 9).Public(), proof.ErrSignature},
		{"a changed text", bytes.Replace(signed, []byte("epoch 7"), []byte("epoch 8"), 1), log.Public(), proof.ErrSignature},
		{"a witness alone", witnessOnly, log.Public(), proof.ErrSignature},
		{"a key that is none", signed, "longmen/x+y+z", proof.ErrMalformed},
		{"a key too long", signed, strings.Repeat("a", 1000), proof.ErrMalformed},
	} {
		if s, err := proof.Open(c.signed, c.public); !errors.Is(err, c.want) {
			t.Errorf("%s: opened %+v, %v, want %v", c.name, s, err, c.want)
		}
	}
	if _, err := proof.Open(witnessOnly, log.Public(), witness.Public()); !errors.Is(err, proof.ErrSignature) {
		t.Errorf("a known witness stood for the ledger: %v", err)
	}
	bad := bytes.Replace(cosigned, []byte("epoch 7"), []byte("epoch 8"), 1)
	if _, err := proof.Open(bad, log.Public(), witness.Public()); !errors.Is(err, proof.ErrSignature) {
		t.Errorf("a changed text with a witness: %v", err)
	}
}

// A key may sign under its own name only: it must not vouch for another ledger.
func TestAKeyIsOfOneLedger(t *testing.T) {
	other := checkpoint
	other.Ledger[0]++
	if _, err := ledgerKey(t).Sign(other); err == nil {
		t.Error("a key signed for another ledger")
	}
	if _, err := witnessKey(t).Sign(checkpoint); err == nil {
		t.Error("a witness signed for a ledger")
	}
	// Somebody who signs by hand gets no further.
	signer, err := note.NewSigner(secretOf(t, "witness.example/one", 2))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: checkpointText}, signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proof.Open(signed, witnessKey(t).Public()); !errors.Is(err, proof.ErrMismatch) {
		t.Errorf("a checkpoint by a key of another name: %v", err)
	}
	late := checkpoint
	late.Time = 253402300800_000000
	if _, err := ledgerKey(t).Sign(late); err == nil {
		t.Error("a checkpoint that can't be written was signed")
	}
}

func TestKeysRefuse(t *testing.T) {
	secret, err := proof.GenerateKey("a", bytes.NewReader(make([]byte, 64)))
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{
		"nothing":         "",
		"a public key":    ledgerKey(t).Public(),
		"another name":    strings.Replace(secret, "+a+", "+b+", 1),
		"a key cut short": secret[:len(secret)-4],
		"too long":        secret + strings.Repeat("A", 600),
	} {
		_, err := proof.ParseKey(s)
		if !errors.Is(err, proof.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		} else if s != "" && strings.Contains(err.Error(), s) {
			t.Errorf("%s: the error shows the key", name)
		}
	}
	for _, name := range []string{"", "a b", "a+b", strings.Repeat("a", 600)} {
		if _, err := proof.GenerateKey(name, bytes.NewReader(make([]byte, 64))); err == nil {
			t.Errorf("a key named %q was made", name)
		}
	}
	if _, err := proof.GenerateKey("a", bytes.NewReader(nil)); err == nil {
		t.Error("a key was made without randomness")
	}
}

func FuzzOpen(f *testing.F) {
	log, witness := ledgerKey(f), witnessKey(f)
	signed := sign(f, checkpoint)
	f.Add(signed)
	cosigned, err := witness.Cosign(signed, log.Public())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cosigned)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := proof.Open(b, log.Public(), witness.Public())
		if err != nil {
			return
		}
		if s.Checkpoint != checkpoint {
			t.Errorf("a checkpoint that was never signed was opened: %q", b)
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add(checkpointText)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := proof.ParseCheckpoint(text)
		if err == nil && c.Text() != text {
			t.Errorf("%q was read and is written %q", text, c.Text())
		}
	})
}
