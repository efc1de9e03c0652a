package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/longmen/longmen/front/document"
)

// paperCommands are about what is sent for an application, and what is made.
func paperCommands() []*cobra.Command {
	return []*cobra.Command{newLoanSend(), newLoanDocuments(), newLoanDocument(), newLoanPapers(), newLoanPaper()}
}

func newLoanSend() *cobra.Command {
	own := ""
	return reader("send APPLICATION KIND FILE", "Send a document for an application: PDF, JPEG or PNG, at most 10 MiB",
		"  longmen loan send 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 income payslip.pdf", cobra.ExactArgs(3), func(c *cobra.Command) {
			c.Flags().StringVar(&own, "id", "", "id of the document, a UUIDv7; a new one if empty. The same again changes nothing")
		}, func(c *client, args []string) (err error) {
			content, err := readFile(args[2])
			if err != nil {
				return err
			}
			if own, err = keyOr(own); err != nil {
				return err
			}
			hash := sha256.Sum256(content)
			kind, _, _ := strings.Cut(http.DetectContentType(content), ";")
			text, err := c.post(applicationPath(args[0], "documents"), "", map[string]any{
				"id": own, "kind": args[1], "type": kind, "hash": hex.EncodeToString(hash[:]), "content": base64.StdEncoding.EncodeToString(content),
			}, nil)
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				return pairs(c.out, "document", own, "kind", args[1], "hash", hex.EncodeToString(hash[:]))
			})
		})
}

// readFile reads a file that is not too large to be sent.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, document.MaxFile+1))
	if err == nil && len(content) > document.MaxFile {
		err = fmt.Errorf("%s has more than %d bytes", name, document.MaxFile)
	}
	return content, err
}

func newLoanDocuments() *cobra.Command {
	return reader("documents APPLICATION", "List what was sent for an application", "  longmen loan documents 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081",
		cobra.ExactArgs(1), nil, func(c *client, args []string) error {
			type sent struct {
				ID, Kind, Type, Hash, At string
				Size                     int64
			}
			return listing(c, nil, applicationPath(args[0], "documents"), nil, "documents", newTable("ID", "KIND", "TYPE", ">BYTES", "AT", "SHA-256"), func(t *table, d sent) {
				t.add(d.ID, d.Kind, d.Type, fmt.Sprint(d.Size), d.At, d.Hash)
			})
		})
}

// save writes a file that does not exist yet, or standard output for "-".
func (c *client) save(content []byte, to string) error {
	if to == "-" {
		_, err := c.out.Write(content)
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s: %d bytes, SHA-256 %x\n", to, len(content), sha256.Sum256(content))
	return err
}

func newLoanDocument() *cobra.Command {
	to := ""
	return reader("document APPLICATION DOCUMENT", "Save a document that was sent",
		"  longmen loan document 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 019599c5-8a7b-7d60-a1f2-3c4d5e6f7082 --to income.pdf", cobra.ExactArgs(2), func(c *cobra.Command) {
			c.Flags().StringVar(&to, "to", "", "file to write, - for standard output")
			_ = c.MarkFlagRequired("to")
		}, func(c *client, args []string) error {
			content, err := c.get(applicationPath(args[0], "documents", args[1]), nil, nil)
			if err != nil {
				return err
			}
			return c.save(content, to)
		})
}

func newLoanPapers() *cobra.Command {
	return reader("papers APPLICATION", "List the papers of an application, with hashes and signatures", "  longmen loan papers 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081",
		cobra.ExactArgs(1), nil, func(c *client, args []string) error {
			type paper struct {
				Kind, Language, Digest, Hash, Made string
				Pages                              int
				Signatures                         []struct{ Role, At, Method string }
			}
			return listing(c, nil, applicationPath(args[0], "papers"), nil, "papers", newTable("KIND", "LANGUAGE", ">PAGES", "MADE", "DIGEST OF THE TEXT", "SIGNED BY"), func(t *table, p paper) {
				var signed []string
				for _, s := range p.Signatures {
					signed = append(signed, s.Role+" at "+s.At)
				}
				t.add(p.Kind, p.Language, fmt.Sprint(p.Pages), p.Made, p.Digest, strings.Join(signed, ", "))
			})
		})
}

func newLoanPaper() *cobra.Command {
	to := ""
	return reader("paper APPLICATION disclosure|agreement|signed|annex", "Save a paper as PDF",
		"  longmen loan paper 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 signed --to agreement.pdf", cobra.ExactArgs(2), func(c *cobra.Command) {
			c.Flags().StringVar(&to, "to", "", "file to write, - for standard output")
			_ = c.MarkFlagRequired("to")
		}, func(c *client, args []string) error {
			content, err := c.get(applicationPath(args[0], "papers", args[1]), nil, nil)
			if err != nil {
				return err
			}
			return c.save(content, to)
		})
}
