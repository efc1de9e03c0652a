package longmen_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/store/storetest"
)

// childRole is set in the environment when the test binary runs as a child of itself, to be killed.
const childRole = "LONGMEN_CHILD"

func TestMain(m *testing.M) {
	words := strings.Split(os.Getenv(childRole), "|")
	if words[0] == "" {
		storetest.Main(m)
		return
	}
	fmt.Println("begins")
	if err := runChild(words); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// runChild does what it is told, and as a child is mostly killed meanwhile.
func runChild(words []string) error {
	ctx := context.Background()
	switch words[0] {
	case "backup":
		return longmen.Backup(ctx, longmen.BackupOptions{Folder: words[1], To: words[2], History: true})
	case "export":
		return longmen.Export(ctx, longmen.ExportOptions{Folder: words[1], To: words[2]})
	case "restore":
		_, err := longmen.Restore(ctx, longmen.RestoreOptions{From: words[1], To: words[2]})
		return err
	}
	return fmt.Errorf("no such role: %q", words[0])
}
