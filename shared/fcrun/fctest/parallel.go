package fctest

import (
	"flag"
	"fmt"
	"runtime"
	"strconv"
)

// SetParallel lets up to n tests of this process run at once, unless the flag -parallel
// says how many. It is for packages whose tests mostly wait for processes and deadlines.
// Call it from TestMain.
func SetParallel(n int) {
	flag.Parse()
	const name = "test.parallel"
	// The default is the number of processors.
	if f := flag.Lookup(name); f.Value.String() != strconv.Itoa(runtime.GOMAXPROCS(0)) {
		return
	}
	if err := flag.Set(name, strconv.Itoa(max(n, runtime.GOMAXPROCS(0)))); err != nil {
		panic(fmt.Sprintf("setting -parallel: %v", err))
	}
}
