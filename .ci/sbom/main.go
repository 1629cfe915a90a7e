// Command sbom writes the bill of materials of Go binaries that are built from one source,
// in SPDX JSON: sbom VERSION DATE BINARY...
//
// The modules and their hashes are those in the binaries, the licences those in the files
// of the modules. The same binaries give the same bytes.
package main

import (
	"bytes"
	"cmp"
	"context"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	classifier "github.com/google/licenseclassifier/v2"
	"github.com/google/licenseclassifier/v2/assets"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdxlib"
)

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: sbom VERSION DATE BINARY...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(version, date string, binaries []string, w io.Writer) error {
	info, err := readBinaries(binaries)
	if err != nil {
		return err
	}
	packages, err := modulePackages(info.Deps)
	if err != nil {
		return err
	}
	goVersion := strings.TrimPrefix(info.GoVersion, "go")
	packages = append(packages, newPackage("stdlib", goVersion, "BSD-3-Clause"))
	doc := document(newPackage(info.Main.Path, version, "Apache-2.0"), packages, date)

	var out bytes.Buffer
	if err := spdxjson.Write(doc, &out, spdxjson.Indent("  ")); err != nil {
		return err
	}
	read, err := spdxjson.Read(bytes.NewReader(out.Bytes()))
	if err != nil {
		return fmt.Errorf("the document cannot be read: %w", err)
	}
	if err := spdxlib.ValidateDocument(read); err != nil {
		return fmt.Errorf("the document is not valid: %w", err)
	}
	_, err = out.WriteTo(w)
	return err
}

// readBinaries returns what Go has written into the binaries, with the modules of all of
// them: some are linked on one platform only.
func readBinaries(files []string) (*debug.BuildInfo, error) {
	var first *debug.BuildInfo
	modules := map[string]*debug.Module{}
	for _, file := range files {
		info, err := buildinfo.ReadFile(file)
		if err != nil {
			return nil, err
		}
		first = cmp.Or(first, info)
		if info.Main.Path != first.Main.Path || info.GoVersion != first.GoVersion {
			return nil, fmt.Errorf("%s is another program than %s, or built by another Go", file, files[0])
		}
		for _, module := range info.Deps {
			if module.Replace != nil {
				return nil, fmt.Errorf("%s: module %s is replaced, which go install ignores", file, module.Path)
			}
			modules[module.Path] = module
		}
	}
	first.Deps = nil
	for _, path := range slices.Sorted(maps.Keys(modules)) {
		first.Deps = append(first.Deps, modules[path])
	}
	return first, nil
}

// modulePackages returns a package for each module.
func modulePackages(modules []*debug.Module) ([]*spdx.Package, error) {
	licences, err := assets.DefaultClassifier()
	if err != nil {
		return nil, err
	}
	var packages []*spdx.Package
	for _, module := range modules {
		dir, err := moduleDir(module)
		if err != nil {
			return nil, err
		}
		licence, err := licenceOf(licences, dir)
		if err != nil {
			return nil, err
		}
		p := newPackage(module.Path, module.Version, licence)
		// The hash of go.sum is a SHA-256 in base64, of the list of files.
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(module.Sum, "h1:"))
		if err != nil {
			return nil, fmt.Errorf("module %s has the sum %q: %w", module.Path, module.Sum, err)
		}
		p.PackageChecksums = []spdx.Checksum{{Algorithm: spdx.SHA256, Value: hex.EncodeToString(sum)}}
		packages = append(packages, p)
	}
	return packages, nil
}

// moduleDir returns the folder of a module in the module cache.
func moduleDir(module *debug.Module) (string, error) {
	out, err := exec.CommandContext(context.Background(), "go", "mod", "download", "-json", module.Path+"@"+module.Version).Output()
	var download struct{ Dir, Sum, Error string }
	if jsonErr := json.Unmarshal(out, &download); jsonErr != nil {
		return "", fmt.Errorf("go mod download %s: %w", module.Path, errors.Join(err, jsonErr))
	}
	if download.Error != "" || download.Sum != module.Sum {
		return "", fmt.Errorf("go mod download %s: got the sum %s, want %s: %s", module.Path, download.Sum, module.Sum, download.Error)
	}
	return download.Dir, nil
}

var licenceFile = regexp.MustCompile(`^(LICEN[CS]E|COPYING)`)

// licenceOf returns the SPDX expression of the licences in the folder of a module.
func licenceOf(licences *classifier.Classifier, dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	names := map[string]bool{}
	for _, entry := range entries {
		if !licenceFile.MatchString(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return "", err
		}
		for _, match := range licences.Match(text).Matches {
			if match.MatchType == "License" || match.MatchType == "Header" {
				names[match.Name] = true
			}
		}
	}
	if len(names) == 0 {
		return "", fmt.Errorf("%s has no licence that is recognised", dir)
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), " AND "), nil
}

var notInID = regexp.MustCompile(`[^A-Za-z0-9.-]`)

// newPackage returns a Go module as a package.
func newPackage(path, version, licence string) *spdx.Package {
	return &spdx.Package{
		PackageName:             path,
		PackageSPDXIdentifier:   spdx.ElementID(notInID.ReplaceAllString(path, "-")),
		PackageVersion:          version,
		PackageDownloadLocation: "NOASSERTION",
		PackageLicenseConcluded: licence,
		PackageLicenseDeclared:  licence,
		PackageCopyrightText:    "NOASSERTION",
		PackageExternalReferences: []*spdx.PackageExternalReference{{
			Category: spdx.CategoryPackageManager,
			RefType:  spdx.PackageManagerPURL,
			Locator:  "pkg:golang/" + path + "@" + version,
		}},
	}
}

// document returns a document that describes a program and what is linked into it.
func document(program *spdx.Package, linked []*spdx.Package, date string) *spdx.Document {
	name := filepath.Base(program.PackageName) + "-" + program.PackageVersion
	program.PrimaryPackagePurpose = "APPLICATION"
	doc := &spdx.Document{
		SPDXVersion:       spdx.Version,
		DataLicense:       spdx.DataLicense,
		SPDXIdentifier:    "DOCUMENT",
		DocumentName:      name,
		DocumentNamespace: "https://" + program.PackageName + "/releases/download/v" + program.PackageVersion + "/" + name + ".spdx.json",
		CreationInfo: &spdx.CreationInfo{
			Created:  date,
			Creators: []spdx.Creator{{CreatorType: "Tool", Creator: "cbr_exporter-sbom"}},
		},
		Packages:      append([]*spdx.Package{program}, linked...),
		Relationships: []*spdx.Relationship{relationship("DOCUMENT", spdx.RelationshipDescribes, program.PackageSPDXIdentifier)},
	}
	for _, p := range linked {
		doc.Relationships = append(doc.Relationships,
			relationship(program.PackageSPDXIdentifier, spdx.RelationshipDependsOn, p.PackageSPDXIdentifier))
	}
	return doc
}

func relationship(from spdx.ElementID, kind string, to spdx.ElementID) *spdx.Relationship {
	return &spdx.Relationship{
		RefA:         spdx.DocElementID{ElementRefID: from},
		Relationship: kind,
		RefB:         spdx.DocElementID{ElementRefID: to},
	}
}
