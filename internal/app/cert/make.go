package cert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"time"
)

// backdate lets a client accept a new certificate though its clock is behind.
const backdate = time.Hour

func makeAuthority(now time.Time) (*tls.Certificate, error) {
	return sign(&x509.Certificate{
		Subject:               pkix.Name{Organization: []string{"Millrace"}, CommonName: "Millrace local authority"},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}, nil)
}

func makeServer(ca *tls.Certificate, names []string, now time.Time) (*tls.Certificate, error) {
	dns, ips := splitNames(names)
	end := now.Add(serverLife)
	if end.After(ca.Leaf.NotAfter) {
		end = ca.Leaf.NotAfter
	}
	return sign(&x509.Certificate{
		Subject:     pkix.Name{Organization: []string{"Millrace"}, CommonName: "Millrace server"},
		NotBefore:   now.Add(-backdate),
		NotAfter:    end,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    dns,
		IPAddresses: ips,
	}, ca)
}

// sign makes a key and a certificate for it, signed by ca or by itself.
func sign(t *x509.Certificate, ca *tls.Certificate) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if t.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, err
	}
	parent, signer, chain := t, any(key), [][]byte(nil)
	if ca != nil {
		parent, signer, chain = ca.Leaf, ca.PrivateKey, ca.Certificate
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: append([][]byte{der}, chain...), PrivateKey: key, Leaf: leaf}, nil
}
