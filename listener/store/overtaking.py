"""Which of two versions of a post is the newer one, where several sources of a network tell of it in an order of their own.

What one source told as the newer version is not taken back by another that is behind; the source that told the older one may, since a
network's author may change the words back.
"""

from __future__ import annotations

from listener.model import Post
from listener.store.base import Tx, text


def overtakes(tx: Tx, post: Post, source: str) -> bool:
    """Return whether this is another version than the stored one, and not an older one from a source that is behind another.

    `source` is who tells of it; "" where it was read again by itself, which no source takes back.
    """
    key = {"network": post.network, "id": post.id}
    row = tx.one("SELECT version FROM posts WHERE network = :network AND id = :id AND version <> :version", version=post.version, **key)
    if row is None:
        return False
    told_by = tx.one(
        "SELECT source FROM overtaken WHERE network = :network AND post_id = :id AND version = :version", version=post.version, **key
    )
    if source and told_by and text(told_by, "source") != source:
        return False
    tx.run("DELETE FROM overtaken WHERE network = :network AND post_id = :id AND version = :version", version=post.version, **key)
    tx.run(
        "INSERT INTO overtaken (network, post_id, version, source) VALUES (:network, :id, :version, :source) ON CONFLICT DO NOTHING",
        version=text(row, "version"),
        source=source,
        **key,
    )
    return True
