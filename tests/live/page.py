#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The live page in Chromium: a block that happens while it is open appears on it.

usage: page.py POLICAP SOURCE_ROOT [CHECK...]

Chromium is driven through a pipe (Chrome DevTools Protocol, --remote-debugging-pipe), so
that nothing but it and Python is needed.  With POLICAP_SHOTS=FOLDER screenshots are left
there.  Exit status 77: not root, or a tool is missing.
"""
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time

from wire import WAIT_S, equal, run_checks, send, skip, wait_for

URL, TOKEN = "http://127.0.0.1:9477/", "fedcba9876543210fedcba9876543210"
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--no-pings",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-extensions", "--disable-default-apps", "--remote-debugging-pipe",
         "--hide-scrollbars"]


class Browser:
    """Chromium with one page; commands go to it, and answers come back, over a pipe."""

    def __init__(self, t):
        program = shutil.which("chromium")
        if not program:
            skip("chromium is not there")
        down, up = os.pipe(), os.pipe()
        home = dict(os.environ, HOME=t.folder)

        def hand_over():
            os.setsid()
            high = [os.dup(fd) for fd in (down[0], up[1])]
            for fd, want in zip(high, (3, 4)):
                os.dup2(fd, want)
                os.set_inheritable(want, True)

        self.process = subprocess.Popen(
            [program, *FLAGS, "--user-data-dir=" + t.path("profile"), "about:blank"],
            env=home, preexec_fn=hand_over, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=open(t.path("chromium.err"), "w"))
        os.close(down[0])
        os.close(up[1])
        self.down, self.up, self.rest, self.n, self.session = down[1], up[0], b"", 0, None
        self.said = []
        pages = self.command("Target.getTargets")["targetInfos"]
        page = next(p["targetId"] for p in pages if p["type"] == "page")
        self.session = self.command("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.command(domain + ".enable")

    def message(self):
        while b"\0" not in self.rest:
            if not select.select([self.up], [], [], WAIT_S)[0]:
                raise AssertionError("chromium does not answer")
            data = os.read(self.up, 1 << 20)
            if not data:
                raise AssertionError("chromium ended")
            self.rest += data
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def command(self, method, **params):
        self.n += 1
        request = {"id": self.n, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.down, json.dumps(request).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.n:
                if "error" in message:
                    raise AssertionError("%s: %s" % (method, message["error"]))
                return message["result"]
            entry = message.get("params", {}).get("entry", {})
            if (message.get("method") == "Runtime.exceptionThrown" or
                    (entry.get("level") == "error" and entry.get("source") != "network")):
                self.said.append(json.dumps(message["params"]))

    def value(self, expression):
        answer = self.command("Runtime.evaluate", expression=expression, returnByValue=True,
                              awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError("%s: %s" % (expression, answer["exceptionDetails"]))
        return answer["result"].get("value")

    def text(self, selector):
        """What is to be read there; nothing, where it is hidden."""
        return self.value("(e => e && e.checkVisibility() ? e.innerText : '')"
                          "(document.querySelector(%s))" % json.dumps(selector))

    def open(self, url):
        self.command("Page.navigate", url=url)
        wait_for("the page", lambda: self.value("document.readyState") == "complete" and
                 self.value("location.href") == url)

    def shoot(self, name, width, height, dark=False):
        """A screenshot, where somebody wants to see it; the width must be enough for all."""
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height,
                     deviceScaleFactor=1, mobile=False)
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        time.sleep(0.3)
        equal(self.value("document.documentElement.scrollWidth <= innerWidth"), True,
              "%s fits into %d pixels" % (name, width))
        folder = os.environ.get("POLICAP_SHOTS")
        if folder:
            shot = self.command("Page.captureScreenshot", format="png")["data"]
            with open(os.path.join(folder, name + ".png"), "wb") as file:
                file.write(base64.b64decode(shot))

    def close(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.down)
        os.close(self.up)


def cells(browser, state):
    """How many phones' rows are in this state, by what the cell says."""
    return browser.value("[...document.querySelectorAll('#phones td')].filter(c => "
                         "c.title.endsWith(%s)).length" % json.dumps(": " + state))


def check_block(t):
    """It shows that all is well, then a block while it is open, then when it is over."""
    live = t.live("--listen", "127.0.0.1:9477")
    browser = Browser(t)
    try:
        browser.open(URL)
        wait_for("the first report", lambda: browser.text("#verdict") == "inconclusive")
        equal("No phone was seen yet" in browser.text("#more-phones"), True, "without a phone")
        send(t.sample("01_all_good"), 8.0)
        wait_for("a phone on the page", lambda: cells(browser, "ok") > 2)
        equal("Nothing is blocked" in browser.text("#problems"), True, "nothing is wrong")
        equal(cells(browser, "blocked"), 0, "blocked cells")
        browser.shoot("good", 1200, 900)

        send(t.sample("03_fcm_icmp_prohibited"), phone=2)
        wait_for("the block on the page", lambda: "google-fcm" in browser.text("#problems"))
        words = browser.text("#problems")
        for want in ("blocked", "mtalk.google.com", "tcp 5228", "icmp-prohibited", "by 10.20.0.1",
                     "1 phone", "since"):
            equal(want in words, True, "%s in %s" % (want, words))
        equal(browser.text("#verdict"), "fail", "verdict")
        wait_for("the cell", lambda: cells(browser, "blocked") > 0)
        for phone, name in enumerate(("15_unexpected", "05a_dns_nxdomain", "16a_sni_reset"), 3):
            send(t.sample(name), 8.0, phone)
        wait_for("what is in no list", lambda: browser.text("#unlisted") != "")
        equal("pl1" in browser.text("#captures"), True, "the interface")
        time.sleep(2.5)
        browser.shoot("block", 1200, 1500)
        browser.shoot("block-all", 1200, 3200, dark=True)
        browser.shoot("block-narrow", 390, 1500)
        equal(browser.said, [], "what the browser complains about")
        live.end()
        wait_for("word that the sensor is gone", lambda: "does not answer" in browser.text("#notice"))
    finally:
        browser.close()


def check_login(t):
    """Where a token is asked for, the page asks, and shows nothing before."""
    with open(t.path("token"), "w") as file:
        file.write(TOKEN)
    os.chmod(t.path("token"), 0o600)
    live = t.live("--listen", "127.0.0.1:9477", "--token-file", t.path("token"))
    browser = Browser(t)
    try:
        send(t.sample("03_fcm_icmp_prohibited"), 8.0)
        browser.open(URL)
        wait_for("the question", lambda: "Token" in browser.text("#login"))
        equal(browser.text("#all"), "", "what is shown without the token")
        browser.shoot("login", 800, 400)
        for token, want in (("wrong", lambda: "not the token" in browser.text("#notice")),
                            (TOKEN, lambda: "google-fcm" in browser.text("#problems"))):
            browser.value("document.querySelector('#token').value = %s; "
                          "document.querySelector('#login').requestSubmit()" % json.dumps(token))
            wait_for("what a token does", want)
        equal(browser.text("#login"), "", "the question afterwards")
    finally:
        browser.close()
    live.end()


if __name__ == "__main__":
    sys.exit(run_checks(globals()))
