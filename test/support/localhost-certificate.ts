// A certificate for localhost and 127.0.0.1 that signs itself, good for a hundred years, and its key: of nobody, for tests of TLS without a tool
// that makes one. Trusted only where a test says so.

/** PEM. */
export const localhostKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLzAoSsuKghnnll4n
FxURwbV0Xx7dB/1zwYuS4yTN96ehRANCAATvNrJETcX0VnJyA+vVX37Fv4e/DkMZ
7bJFNdQGeOM24nAtdlpUonR9HC/IqXVRpOXY9GLz5HRURNJcWb6sxYUT
-----END PRIVATE KEY-----
`;

/** PEM. */
export const localhostCertificate = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUJ0HWeN7s3BhfX7HswL4QlnPcBfcwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE4NDczNFoYDzIxMjYxMDI5
MTg0NzM0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATvNrJETcX0VnJyA+vVX37Fv4e/DkMZ7bJFNdQGeOM24nAtdlpUonR9
HC/IqXVRpOXY9GLz5HRURNJcWb6sxYUTo28wbTAdBgNVHQ4EFgQUfF6FfG0cFLdq
7AGrdHTm/UPstI4wHwYDVR0jBBgwFoAUfF6FfG0cFLdq7AGrdHTm/UPstI4wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDSAAwRQIgP962A+ajXKBfVNzlqr81xwfjM8vuICHSzCSRZkfSWVACIQCL
YS4CmyCDSmy7vjd+UhqQvv1M+xt3ZLpWanLgjfLzTQ==
-----END CERTIFICATE-----
`;
