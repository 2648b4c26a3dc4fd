#!/usr/bin/env python3
"""The tour of tools/quickstart: every part once, without hands. Prints what it saw; exits 1 if anything was missing.

    tools/tour.py PAGE IRC_PORT
"""
import json
import socket
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

PATIENCE_S = 15
page, irc_port = sys.argv[1], int(sys.argv[2])
mark = format(int(time.time()), "x")  # so that a second tour finds its own words


class Irc:
    """A person with an IRC client: joins, speaks, listens with a deadline."""

    def __init__(self, nick, channel):
        self.socket = socket.create_connection(("127.0.0.1", irc_port), PATIENCE_S)
        self.buffer = b""
        self.send(f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n")
        self.expect(" 001 ")
        self.send(f"JOIN {channel}\r\n")
        self.expect(" 366 ")

    def send(self, text):
        self.socket.sendall(text.encode())

    def expect(self, part):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            line, newline, rest = self.buffer.partition(b"\n")
            if not newline:
                self.socket.settimeout(max(0.01, deadline - time.monotonic()))
                try:
                    got = self.socket.recv(4096)
                except socket.timeout:
                    break
                if not got:
                    break
                self.buffer += got
                continue
            self.buffer = rest
            text = line.decode("utf-8", "replace").strip()
            if text.startswith("PING"):
                self.send("PONG" + text[4:] + "\r\n")
            if part in text:
                return text
        sys.exit(f"tour: waited {PATIENCE_S} s on IRC for \"{part}\" in vain")


def http(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Origin": page} if body is not None else {}
    with urllib.request.urlopen(urllib.request.Request(page + path, data, headers), timeout=PATIENCE_S) as answer:
        return json.load(answer)


def until(what, ask):
    """Asks again until the answer is something; says how long it took."""
    begin = time.monotonic()
    while time.monotonic() - begin < PATIENCE_S:
        try:
            if answer := ask():
                return answer, time.monotonic() - begin
        except urllib.error.HTTPError as error:
            print(f"  (the page said {error.code}: {error.read().decode()[:200]})")
        time.sleep(0.02)
    sys.exit(f"tour: waited {PATIENCE_S} s for {what} in vain")


def spoken(line):
    return line.split(" PRIVMSG ", 1)[-1]


def search(words):
    return http("/api/search?q=" + urllib.parse.quote(words)).get("hits")


print("1. A person joins #lobby with an IRC client.")
irc = Irc("visitor", "#lobby")

print("2. The page says something; IRC hears it:")
http("/api/rooms/web%2Flobby/messages", {"text": f"hello from the page {mark}p"})
print("    " + spoken(irc.expect(f"{mark}p")))

print("3. IRC says something; the page shows it:")
irc.send(f"PRIVMSG #lobby :hello from IRC {mark}i\r\n")
events, took = until("the message on the page", lambda: [
    e for e in http("/api/rooms/web%2Flobby/messages?limit=20")["events"] if f"{mark}i" in e.get("text", "")])
print(f"    <{events[0]['author']['name']}> {events[0]['text']}   (after {took:.2f} s)")

print("4. A command, asked on IRC:")
irc.send("PRIVMSG #lobby :!uptime\r\n")
print("    " + spoken(irc.expect(":up ")))

print("5. Both messages, found over HTTP:")
for word in (f"{mark}p", f"{mark}i"):
    hits, took = until(f"{word} in search", lambda: search(word))
    print(f"    {hits[0]['id'][:8]} <{hits[0]['author']}> {hits[0]['text']}   (after {took:.2f} s)")

print("6. The run, found over HTTP:")
hits, took = until("the run in search", lambda: search("command:uptime"))
print(f"    {hits[0]['id'][:8]} {hits[0].get('command')}: {hits[0].get('outcome')}")

print("7. Search from chat:")
irc.send(f"PRIVMSG #lobby :!search {mark}p\r\n")
print("    " + spoken(irc.expect(f"{mark}p")))

print("8. The old talk that the quickstart imported:")
hits, took = until("ubuntu in search", lambda: search("ubuntu install"))
print(f"    {hits[0]['id'][:8]} <{hits[0]['author']}> {hits[0]['text'][:90]}")
print("\nThat was all of it, and all of it works.")
