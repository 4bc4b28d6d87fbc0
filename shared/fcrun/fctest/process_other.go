//go:build !unix

package fctest

import "syscall"

func processAttributes() *syscall.SysProcAttr { return nil }
