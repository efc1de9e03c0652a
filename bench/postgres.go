package bench

import (
	"context"

	"github.com/longmen/longmen/store/storetest"
)

// asInstalled are settings of a server as PostgreSQL ships it, where those of tests are smaller.
var asInstalled = []string{"shared_buffers = 128MB", "max_wal_size = 1GB", "autovacuum = on"}

// postgres gives an empty database: the one that the options name, or one of a server that is thrown away afterwards.
func (b *bench) postgres(ctx context.Context) (string, error) {
	if b.options.DSN != "" {
		return b.options.DSN, nil
	}
	cluster, err := storetest.Start(ctx, asInstalled...)
	if err != nil {
		return "", err
	}
	b.after(cluster.Remove)
	return cluster.CreateDatabase(ctx)
}
