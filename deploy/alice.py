#!/usr/bin/env python3
"""An XMPP user in a terminal: prints the messages that arrive and sends each line that is typed.

Python's standard library only. One thread: a TLS connection must not be read and written by two at once.
Exits 0 at the end of its input or on SIGTERM, 1 with the reason if the connection ends before.
"""

import argparse
import base64
import os
import selectors
import signal
import socket
import ssl
import sys
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape, quoteattr

CLIENT = "{jabber:client}"
STREAM = "{http://etherx.jabber.org/streams}"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
RECEIPTS = "urn:xmpp:receipts"


class Failure(Exception):
    """Why it cannot go on, in words."""


class Stream:
    """One XMPP stream over a socket: elements in, text out."""

    def __init__(self, host, port, domain):
        self.domain = domain
        self.socket = socket.create_connection((host, port), timeout=30)
        self.restart()

    def restart(self):
        """Opens the stream, or opens it anew after STARTTLS and after the login."""
        self.parser = ElementTree.XMLPullParser(events=("start", "end"))
        self.depth = 0
        self.root = None
        self.send(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
            "xmlns:stream='http://etherx.jabber.org/streams' "
            f"to={quoteattr(self.domain)} version='1.0'>"
        )

    def send(self, text):
        self.socket.sendall(text.encode())

    def receive(self):
        """Reads once and returns the elements that are complete."""
        data = self.socket.recv(65536)
        if not data:
            raise Failure("the server closed the connection")
        self.parser.feed(data)
        complete = []
        for event, element in self.parser.read_events():
            if event == "start":
                self.depth += 1
                if self.depth == 1:
                    self.root = element
            else:
                self.depth -= 1
                if self.depth == 1:
                    complete.append(element)
                    self.root.remove(element)
                elif self.depth == 0:
                    raise Failure("the server closed the stream")
        return complete

    def next(self):
        """The next element of the negotiation."""
        elements = []
        while not elements:
            elements = self.receive()
        if elements[0].tag == STREAM + "error":
            raise Failure("stream error: " + ElementTree.tostring(elements[0], "unicode"))
        return elements[0]

    def start_tls(self, authority):
        features = self.next()
        if features.find(f"{{{TLS}}}starttls") is None:
            raise Failure("the server offers no STARTTLS")
        self.send(f"<starttls xmlns='{TLS}'/>")
        if self.next().tag != f"{{{TLS}}}proceed":
            raise Failure("the server refuses STARTTLS")
        context = ssl.create_default_context(cafile=authority)
        self.socket = context.wrap_socket(self.socket, server_hostname=self.domain)
        self.restart()

    def log_in(self, user, password):
        self.next()
        initial = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self.send(f"<auth xmlns='{SASL}' mechanism='PLAIN'>{initial}</auth>")
        if self.next().tag != f"{{{SASL}}}success":
            raise Failure(f"the server refuses the login of {user}")
        self.restart()

    def bind(self, resource):
        self.next()
        self.send(f"<iq type='set' id='bind'><bind xmlns='{BIND}'><resource>{escape(resource)}</resource></bind></iq>")
        jid = self.next().findtext(f"{{{BIND}}}bind/{{{BIND}}}jid")
        if jid is None:
            raise Failure("the server binds no resource")
        return jid


def say(text):
    print(text, flush=True)


def handle(stream, stanza):
    """Shows a message; answers what a client has to answer."""
    sender = stanza.get("from", "")
    if stanza.tag == CLIENT + "message":
        body = stanza.findtext(CLIENT + "body")
        if body is not None:
            say(f"alice reads, from {sender}: {body}")
        if stanza.find(f"{{{RECEIPTS}}}request") is not None:
            received = f"<received xmlns='{RECEIPTS}' id={quoteattr(stanza.get('id', ''))}/>"
            stream.send(f"<message to={quoteattr(sender)}>{received}</message>")
    elif stanza.tag == CLIENT + "presence" and stanza.get("type") is None and "alice" not in sender:
        say(f"alice sees {sender} online")
    elif stanza.tag == CLIENT + "iq" and stanza.get("type") in ("get", "set"):
        address = f"id={quoteattr(stanza.get('id', ''))}" + (f" to={quoteattr(sender)}" if sender else "")
        if stanza.find("{urn:xmpp:ping}ping") is not None or stanza.find("{jabber:iq:roster}query") is not None:
            stream.send(f"<iq type='result' {address}/>")
        else:
            condition = "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
            stream.send(f"<iq type='error' {address}><error type='cancel'>{condition}</error></iq>")
    elif stanza.tag == STREAM + "error":
        raise Failure("stream error: " + ElementTree.tostring(stanza, "unicode"))


def chat(stream, peer):
    """Until the input ends: lines out, messages in."""
    typed = b""
    selector = selectors.SelectSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(stream.socket, selectors.EVENT_READ)
    while True:
        # What TLS has decrypted already does not wake a selector.
        waiting = isinstance(stream.socket, ssl.SSLSocket) and stream.socket.pending() > 0
        ready = [key.fileobj for key, _ in selector.select(0 if waiting else None)]
        if waiting or stream.socket in ready:
            for stanza in stream.receive():
                handle(stream, stanza)
        if 0 in ready:
            data = os.read(0, 65536)
            if not data:
                return
            *lines, typed = (typed + data).split(b"\n")
            for line in filter(None, (line.decode(errors="replace").strip() for line in lines)):
                say(f"alice writes to {peer}: {line}")
                stream.send(f"<message type='chat' to={quoteattr(peer)}><body>{escape(line)}</body></message>")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=5222)
    arguments.add_argument("--ca", help="PEM file of the CA; the system's roots without it")
    arguments.add_argument("--jid", default="alice@localhost")
    arguments.add_argument("--password", default="secret")
    arguments.add_argument("--to", default="bot@localhost", help="who gets what is typed")
    options = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    user, _, domain = options.jid.partition("@")
    stream = Stream(options.host, options.port, domain)
    stream.start_tls(options.ca)
    stream.log_in(user, options.password)
    jid = stream.bind("phone")
    stream.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq><presence/>")
    stream.socket.settimeout(None)
    say(f"alice is online as {jid}")
    chat(stream, options.to)
    stream.send("<presence type='unavailable'/></stream:stream>")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except (Failure, OSError, ElementTree.ParseError) as failure:
        sys.exit(f"alice: {failure}")
