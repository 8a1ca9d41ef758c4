"""The YAML language server that editors use, spoken to as an editor does: JSON-RPC over its standard input and output."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

ROOT = Path(__file__).parents[3]
CACHE = Path(os.environ.get("EARNEST_DEVNET_DIR", ROOT / ".devnet")) / "editor"
_PROGRAM = CACHE / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
_PATIENCE = 30.0  # seconds until an answer that does not come is a failure

Message = Mapping[str, Any]


class Editor:
    """An editor with one server behind it. Lines and columns count from 0, as the protocol has it."""

    def __init__(self) -> None:
        """Start the server and shake hands."""
        if not _PROGRAM.exists():
            message = "the language server is not installed: run tests/real/editor/install.sh"
            raise RuntimeError(message)
        self._process = subprocess.Popen(
            ["node", str(_PROGRAM), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._came: Queue[Message] = Queue()
        self._number = self._files = 0
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        snippets = {"textDocument": {"completion": {"completionItem": {"snippetSupport": True}}, "hover": {"contentFormat": ["markdown"]}}}
        self.ask("initialize", {"processId": os.getpid(), "rootUri": None, "capabilities": snippets})
        self._tell("initialized", {})
        yaml = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
        self._tell("workspace/didChangeConfiguration", {"settings": {"yaml": yaml}})

    def open(self, folder: Path, text: str) -> tuple[Path, list[Message]]:
        """Open a new file in a folder, held by the editor and never written, and return its path and what the server marks in it."""
        self._files += 1
        path = folder / f"typed-{self._files}.yaml"
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        while True:
            message = self._came.get(timeout=_PATIENCE)
            self._answer(message)
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == path.as_uri():
                return path, list(message["params"]["diagnostics"])

    def complete(self, path: Path, line: int, column: int) -> list[Message]:
        """Return what the server offers at a place."""
        found = self.ask("textDocument/completion", _place(path, line, column))
        return list(found["items"] if isinstance(found, dict) else found or [])

    def hover(self, path: Path, line: int, column: int) -> str:
        """Return what the server shows of a place."""
        found = self.ask("textDocument/hover", _place(path, line, column))
        return str(found["contents"]["value"]) if found else ""

    def ask(self, method: str, params: Message) -> Any:  # noqa: ANN401 - JSON
        """Send a request and return its answer."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._came.get(timeout=_PATIENCE)
            if message.get("id") == self._number and "method" not in message:
                assert "error" not in message, message["error"]
                return message.get("result")
            self._answer(message)

    def close(self) -> None:
        """End the server."""
        self.ask("shutdown", {})
        self._tell("exit", {})
        self._process.wait(timeout=_PATIENCE)
        self._reader.join(timeout=_PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _answer(self, message: Message) -> None:
        """Answer what the server asks its editor: it has no settings of its own and knows no folders."""
        if "id" in message and "method" in message:
            asked = message["params"].get("items", []) if message["method"] == "workspace/configuration" else None
            self._send({"id": message["id"], "result": None if asked is None else [None for _ in asked]})

    def _tell(self, method: str, params: Message) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe
        while line := pipe.readline():
            length = int(line.split(b":")[1])
            while pipe.readline().strip():
                pass
            self._came.put(json.loads(pipe.read(length)))


def _place(path: Path, line: int, column: int) -> Message:
    return {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": column}}
