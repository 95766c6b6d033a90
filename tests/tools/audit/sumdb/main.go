// SPDX-License-Identifier: Apache-2.0

// Checks a ledger with the Go team's own code for transparency logs: golang.org/x/mod/sumdb/note opens the checkpoint,
// sumdb/tlog proves every entry and the consistency with an older checkpoint from the tiles. Ours is only the reading of
// the three lines and of the bundles, and the path of a tile, which is theirs without the height "8/".
//
//	sumdb VKEY LEDGER OLDER_CHECKPOINT...
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type folder string

func (f folder) Height() int                         { return 8 }
func (f folder) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(string(f), strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func check(err error, format string, words ...interface{}) {
	if err != nil {
		fmt.Printf(format+": %v\n", append(words, err)...)
		os.Exit(4)
	}
}

func open(path string, known note.Verifiers) (origin string, tree tlog.Tree) {
	data, err := os.ReadFile(path)
	check(err, "checkpoint")
	opened, err := note.Open(data, known)
	check(err, "checkpoint")
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != opened.Sigs[0].Name {
		check(fmt.Errorf("not three lines, or signed by another name than the origin"), "checkpoint")
	}
	tree.N, err = strconv.ParseInt(lines[1], 10, 64)
	check(err, "size")
	tree.Hash, err = tlog.ParseHash(lines[2])
	check(err, "root")
	return lines[0], tree
}

// Entry n out of the bundle of the tree of this size.
func entry(f folder, size, n int64) []byte {
	tile := tlog.Tile{H: 8, L: 0, N: n / 256, W: 256}
	if left := size - tile.N*256; left < 256 {
		tile.W = int(left)
	}
	data, err := os.ReadFile(filepath.Join(string(f), strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)))
	check(err, "entry %d", n)
	for i := int64(0); ; i++ {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			check(fmt.Errorf("the bundle ends"), "entry %d", n)
		}
		length := 2 + int(binary.BigEndian.Uint16(data))
		if i == n%256 {
			return data[2:length]
		}
		data = data[length:]
	}
}

func main() {
	verifier, err := note.NewVerifier(os.Args[1])
	check(err, "vkey")
	known := note.VerifierList(verifier)
	ledger := folder(os.Args[2])
	origin, tree := open(filepath.Join(string(ledger), "checkpoint"), known)
	reader := tlog.TileHashReader(tree, ledger)
	for n := int64(0); n < tree.N; n++ {
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		check(err, "proof of entry %d", n)
		check(tlog.CheckRecord(proof, tree.N, tree.Hash, n, tlog.RecordHash(entry(ledger, tree.N, n))), "entry %d", n)
	}
	for _, path := range os.Args[3:] {
		_, older := open(path, known)
		proof, err := tlog.ProveTree(tree.N, older.N, reader)
		check(err, "proof from size %d", older.N)
		check(tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash), "from size %d", older.N)
	}
	fmt.Printf("%s: %d entries, consistent with %d older checkpoints\n", origin, tree.N, len(os.Args)-3)
}
