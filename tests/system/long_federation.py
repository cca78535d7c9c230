"""As test_federation.py, with an ejabberd as the other server.  For make check-long."""
from test_federation import two_servers


def test_prosody_and_ejabberd(s):
    two_servers(s, 'ejabberd')
