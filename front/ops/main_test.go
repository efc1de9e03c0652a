package ops_test

import (
	"testing"

	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }
