package main

import (
	"os"
	"testing"

	"community-images/shared/fcrun/fctest"
)

func TestMain(m *testing.M) { os.Exit(fctest.Run(m)) }
