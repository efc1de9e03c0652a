package proof

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Limits of a signed checkpoint.
const (
	maxNote       = 16 << 10
	maxSignatures = 16
	maxKey        = 512
)

// Key signs checkpoints. A ledger's key has the ledger's Origin as its name, a witness's has the witness's.
type Key struct {
	signer note.Signer
	public string
}

// GenerateKey makes a key from the random source and returns its secret text, which ParseKey reads. A name has no
// spaces and no plus signs.
func GenerateKey(name string, random io.Reader) (secret string, err error) {
	secret, _, err = note.GenerateKey(random, name)
	if err != nil {
		return "", fmt.Errorf("generate key: %w", err)
	}
	if _, err := ParseKey(secret); err != nil {
		return "", fmt.Errorf("generate key: the name %q can't be used: %w", name, err)
	}
	return secret, nil
}

// ParseKey reads a key's secret text: PRIVATE+KEY+<name>+<hash>+<key>.
func ParseKey(secret string) (Key, error) {
	// No error here may show what it read.
	if len(secret) > maxKey {
		return Key{}, fmt.Errorf("%w: secret key: it is longer than %d characters", ErrMalformed, maxKey)
	}
	secret = strings.TrimSpace(secret)
	signer, err := note.NewSigner(secret)
	if err != nil {
		return Key{}, fmt.Errorf("%w: secret key: it is not PRIVATE+KEY+<name>+<hash>+<key>", ErrMalformed)
	}
	// The key itself may have plus signs in its base64.
	seed, err := base64.StdEncoding.DecodeString(strings.SplitN(secret, "+", 5)[4])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return Key{}, fmt.Errorf("%w: secret key: it is no Ed25519 key", ErrMalformed)
	}
	pair := ed25519.NewKeyFromSeed(seed[1:])
	public, err := note.NewEd25519VerifierKey(signer.Name(), pair.Public().(ed25519.PublicKey))
	if err != nil {
		return Key{}, fmt.Errorf("derive public key: %w", err)
	}
	return Key{signer: signer, public: public}, nil
}

// Name is the key's name.
func (k Key) Name() string { return k.signer.Name() }

// Public is the text of the public side, which is all that is needed to check: <name>+<hash>+<key>.
func (k Key) Public() string { return k.public }

// Sign makes the signed note of a checkpoint with the ledger's key.
func (k Key) Sign(c Checkpoint) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	if name := Origin(c.Ledger); name != k.Name() {
		return nil, fmt.Errorf("sign checkpoint: it is of %s and the key is of %s", name, k.Name())
	}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, k.signer)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return signed, nil
}

// Cosign adds a witness's signature to a checkpoint that the ledger's key has signed. A witness first checks that the
// checkpoint extends the last one it has seen.
func (k Key) Cosign(signed []byte, public string) ([]byte, error) {
	if _, err := Open(signed, public); err != nil {
		return nil, fmt.Errorf("co-sign checkpoint: %w", err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return nil, fmt.Errorf("co-sign checkpoint: %w", err)
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return nil, fmt.Errorf("co-sign checkpoint: %w", err)
	}
	if len(n.Sigs)+len(n.UnverifiedSigs) >= maxSignatures {
		return nil, fmt.Errorf("co-sign checkpoint: it has %d signatures, the most that are allowed", maxSignatures)
	}
	cosigned, err := note.Sign(n, k.signer)
	if err != nil {
		return nil, fmt.Errorf("co-sign checkpoint: %w", err)
	}
	return cosigned, nil
}

// Signed is a checkpoint whose signature was checked.
type Signed struct {
	Checkpoint
	// Witnesses are the names of the known witnesses that have co-signed it.
	Witnesses []string
}

// Open reads a signed checkpoint and checks that the ledger's key has signed it, and the signatures of those of the
// witnesses given that have signed it. A signature by an unknown key is let stand and counts for nothing.
func Open(signed []byte, public string, witnesses ...string) (Signed, error) {
	if err := checkNote(signed); err != nil {
		return Signed{}, fmt.Errorf("%w: signed checkpoint: %w", ErrMalformed, err)
	}
	known := make([]note.Verifier, 0, 1+len(witnesses))
	for _, key := range append([]string{public}, witnesses...) {
		v, err := parsePublic(key)
		if err != nil {
			return Signed{}, err
		}
		known = append(known, v)
	}
	ledger := known[0]
	n, err := note.Open(signed, note.VerifierList(known...))
	if err != nil {
		return Signed{}, openError(err, ledger)
	}
	s := Signed{}
	own := false
	for _, sig := range n.Sigs {
		if sig.Name == ledger.Name() && sig.Hash == ledger.KeyHash() {
			own = true
		} else {
			s.Witnesses = append(s.Witnesses, sig.Name)
		}
	}
	if !own {
		return Signed{}, openError(&note.UnverifiedNoteError{Note: n}, ledger)
	}
	if s.Checkpoint, err = ParseCheckpoint(n.Text); err != nil {
		return Signed{}, err
	}
	if name := Origin(s.Ledger); name != ledger.Name() {
		return Signed{}, fmt.Errorf("%w: the checkpoint is of %s and the key is of %s", ErrMismatch, name, ledger.Name())
	}
	return s, nil
}

func parsePublic(key string) (note.Verifier, error) {
	if len(key) > maxKey {
		return nil, fmt.Errorf("%w: public key: it is longer than %d characters", ErrMalformed, maxKey)
	}
	v, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return nil, fmt.Errorf("%w: public key: it is not <name>+<hash>+<key>: %w", ErrMalformed, err)
	}
	return v, nil
}

// KeyName is the name in a public key's text, which for a ledger's key is its Origin.
func KeyName(public string) (string, error) {
	v, err := parsePublic(public)
	if err != nil {
		return "", err
	}
	return v.Name(), nil
}

// openError tells a wrong signature from a note that can't be read.
func openError(err error, ledger note.Verifier) error {
	if bad, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
		return fmt.Errorf("%w: the signature of %s+%08x is not of this text", ErrSignature, bad.Name, bad.Hash)
	}
	if _, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		return fmt.Errorf("%w: no signature of %s+%08x", ErrSignature, ledger.Name(), ledger.KeyHash())
	}
	return fmt.Errorf("%w: signed checkpoint: %w", ErrMalformed, err)
}

// checkNote refuses what package note lets pass: more than is useful, a second signature by one key, and signatures
// written in more than one way.
func checkNote(signed []byte) error {
	if len(signed) > maxNote {
		return fmt.Errorf("it has %d bytes, at most %d are allowed", len(signed), maxNote)
	}
	_, block, ok := splitNote(string(signed))
	if !ok {
		return errors.New("it has no text with signatures after an empty line")
	}
	lines := strings.Split(strings.TrimSuffix(block, "\n"), "\n")
	if len(lines) > maxSignatures {
		return fmt.Errorf("it has %d signatures, at most %d are allowed", len(lines), maxSignatures)
	}
	seen := map[string]bool{}
	for _, line := range lines {
		at := strings.LastIndexByte(line, ' ')
		sig, err := base64.StdEncoding.Strict().DecodeString(line[at+1:])
		if at < 0 || err != nil || len(sig) < 4 {
			return errors.New("a signature is not — <name> <base64>")
		}
		signer := line[:at] + string(sig[:4])
		if seen[signer] {
			return errors.New("it has two signatures by one key")
		}
		seen[signer] = true
	}
	return nil
}

// splitNote cuts a note into its text and its block of signatures.
func splitNote(signed string) (text, signatures string, ok bool) {
	at := strings.LastIndex(signed, "\n\n")
	if at < 0 {
		return "", "", false
	}
	return signed[:at+1], signed[at+2:], true
}

// Peek reads the checkpoint of a signed note without checking who signed it, such as to find the key for it.
func Peek(signed []byte) (Checkpoint, error) { return peek(string(signed)) }

// peek is enough for the node's own checkpoints.
func peek(signed string) (Checkpoint, error) {
	if err := checkNote([]byte(signed)); err != nil {
		return Checkpoint{}, fmt.Errorf("%w: signed checkpoint: %w", ErrMalformed, err)
	}
	text, _, _ := splitNote(signed)
	return ParseCheckpoint(text)
}
