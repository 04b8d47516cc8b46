"""TLS without sockets: certificates, contexts, and a channel of ciphertext in and out.

A certificate made here is signed by itself and lives as long as the process, so clients must be told to trust it
(``TrustServerCertificate=yes``), as they must with SQL Server's own fallback certificate.
"""

import contextlib
import datetime
import ipaddress
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from emulator.tds.packets import ProtocolError

_STRICT_ALPN = "tds/8.0"
_COMMON_NAME = "SQL Server emulator"
_READ_SIZE = 64 * 1024


def server_context(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """A context for TLS 1.2 and 1.3 from PEM files; ``key`` may be in the certificate's file. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.num_tickets = 0  # nothing to resume
    context.set_alpn_protocols([_STRICT_ALPN])
    return context


def self_signed_context(host: str) -> ssl.SSLContext:
    """A context with a new certificate for ``host``."""
    with tempfile.TemporaryDirectory() as folder:  # the ssl module loads certificates from files only
        path = Path(folder, "certificate.pem")
        path.touch(mode=0o600)
        path.write_bytes(self_signed_pem(host))
        return server_context(path)


def self_signed_pem(host: str) -> bytes:
    """A new key and a certificate of it for ``host``, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _COMMON_NAME)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def _names(host: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    try:
        names.append(x509.IPAddress(ipaddress.ip_address(host)))
    except ValueError:
        names.append(x509.DNSName(host))
    return names


class TlsChannel:
    """The server's end of a TLS connection: feed ciphertext, read plaintext; write plaintext, take ciphertext.

    ``newest`` is the newest version of TLS to agree on.
    """

    def __init__(self, context: ssl.SSLContext, newest: ssl.TLSVersion) -> None:
        context.maximum_version = newest  # what is made of the context takes it over; nothing looks at it later
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.is_established = False

    def feed(self, data: bytes) -> None:
        """Add received ciphertext."""
        self._incoming.write(data)

    def handshake(self) -> bool:
        """Go on with the handshake as far as the bytes fed allow; True once it is done. Raises ProtocolError."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            raise ProtocolError(f"TLS handshake failed: {error.reason or error}") from None
        self.is_established = True
        return True

    def read(self) -> bytes:
        """All plaintext available. Raises ProtocolError."""
        pieces: list[bytes] = []
        try:
            while piece := self._tls.read(_READ_SIZE):
                pieces.append(piece)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:  # the client said goodbye; the end of the connection follows
            pass
        except ssl.SSLError as error:
            raise ProtocolError(f"TLS failed: {error.reason or error}") from None
        return b"".join(pieces)

    def write(self, data: bytes) -> bytes:
        """Encrypt; the ciphertext to send, nothing once the client has said goodbye or broken the encryption."""
        with contextlib.suppress(ssl.SSLError):
            self._tls.write(data)
        return self.take()

    def take(self) -> bytes:
        """Ciphertext waiting to be sent."""
        return self._outgoing.read()
