//go:build linux

package faults

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

func tlsFaults() group {
	certificate := func(change func(*x509.Certificate)) func(*tls.Config) {
		return func(c *tls.Config) { c.Certificates = []tls.Certificate{authority.issue(change)} }
	}
	return group{"TLS", []fault{
		{name: "the certificate has expired", quick: true, reasons: "network", tls: certificate(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
		})},
		{name: "the certificate is not valid yet", reasons: "network", tls: certificate(func(c *x509.Certificate) {
			c.NotBefore = time.Now().Add(time.Hour)
		})},
		{name: "the certificate is for another host", reasons: "network", tls: certificate(func(c *x509.Certificate) {
			c.IPAddresses, c.DNSNames = nil, []string{"other.example.com"}
		})},
		{name: "the certificate is of an unknown authority", reasons: "network", tls: foreign},
		{name: "TLS 1.0 alone", reasons: "network", tls: func(c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
		}},
		{name: "TLS 1.1 alone", reasons: "network", tls: func(c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11
		}},
		{name: "a client certificate is required", reasons: "network", tls: func(c *tls.Config) {
			c.ClientAuth = tls.RequireAnyClientCert
		}},
		{name: "the handshake hangs", conn: hangInHandshake, reasons: "deadline"},
		{name: "plain HTTP on the port of TLS", reasons: "network", conn: func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1024))
			_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
		}},
	}}
}

// foreign replaces the certificate with one of an authority that the exporter does not trust.
func foreign(c *tls.Config) {
	dir, err := os.MkdirTemp("", "ca")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	other, err := newCA(dir)
	if err != nil {
		panic(err)
	}
	c.Certificates = []tls.Certificate{other.valid()}
}

// hangInHandshake begins the answer to a handshake: a record of which most is missing.
func hangInHandshake(c net.Conn) {
	_, _ = c.Read(make([]byte, 1024))
	thenHang("\x16\x03\x03\x10\x00\x02")(c)
}

// ca is an authority that issues certificates.
type ca struct {
	file        string // with its certificate
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// newCA returns a new authority, whose certificate is in a file of the folder.
func newCA(dir string) (*ca, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "CA of the tests"},
		NotBefore:             time.Now().Add(-48 * time.Hour),
		NotAfter:              time.Now().Add(48 * time.Hour),
		KeyUsage:              x509.KeyUsageCertSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return &ca{file, certificate, key}, os.WriteFile(file, text, 0o600)
}

// issue returns a certificate for the clouds that is valid now, unless change changes that.
func (c *ca) issue(change func(*x509.Certificate)) tls.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "cloud"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(127, 0, 0, 2)},
	}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, c.certificate, &c.key.PublicKey, c.key)
	if err != nil {
		panic(err) // a mistake in the template
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: c.key}
}

// valid returns a certificate for the clouds.
func (c *ca) valid() tls.Certificate { return c.issue(func(*x509.Certificate) {}) }
