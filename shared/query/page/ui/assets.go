package ui

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"path"
	"strings"
	"sync"
)

// The script and the style of all pages. They are files of their own, so that browsers
// load them once and the Content-Security-Policy needs no exception.
//
//go:embed assets
var assetFiles embed.FS

// assetPrefix begins the paths of assets. The hash of the content follows, then the name.
const assetPrefix = "/assets/"

// ContentSecurityPolicy is that of all pages. They load their own script and style, ask this
// service, and send forms to it. Nothing else is loaded, run or framed.
const ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Asset is a file that pages load.
type Asset struct {
	ContentType string
	Bytes       []byte
}

// assetTypes are the content types of assets by the ends of their names.
var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// assetPaths returns the path of each asset by its name. It has the hash of the content, so
// browsers may keep it for ever.
var assetPaths = sync.OnceValue(func() map[string]string {
	paths := map[string]string{}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic(err) // they are compiled in
	}
	for _, entry := range entries {
		sum := sha256.Sum256(readAsset(entry.Name()))
		paths[entry.Name()] = assetPrefix + hex.EncodeToString(sum[:6]) + "/" + entry.Name()
	}
	return paths
})

func readAsset(name string) []byte {
	data, err := assetFiles.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // it is compiled in
	}
	return data
}

// FindAsset returns the asset of a path. It returns false if there is none.
func FindAsset(urlPath string) (Asset, bool) {
	if !strings.HasPrefix(urlPath, assetPrefix) {
		return Asset{}, false
	}
	name := path.Base(urlPath)
	if assetPaths()[name] != urlPath {
		return Asset{}, false
	}
	return Asset{ContentType: assetTypes[path.Ext(name)], Bytes: readAsset(name)}, true
}
