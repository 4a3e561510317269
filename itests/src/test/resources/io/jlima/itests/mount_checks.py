# SPDX-License-Identifier: Apache-2.0
"""Runs the checks of a suite: its methods that are named check_*, each in a directory of its own where it may write."""

import os
import traceback


def run(suite, root, skipped, work):
    """Runs all but those that are to be skipped.

    A line for each: "ok NAME", "skipped NAME" or "FAIL NAME: reason". Returns the number of failures.

    work -- the directory below the root that holds the directories of the checks; None where nothing can be written
    """
    unknown = [word for word in skipped if not hasattr(suite, "check_" + word)]
    assert not unknown, unknown
    failures = 0
    for name in [n for n in dir(suite) if n.startswith("check_")]:
        word = name[len("check_"):]
        if word in skipped:
            print("skipped", word, flush=True)
            continue
        os.chdir(root)
        if work:
            os.makedirs(work + "/" + word, exist_ok=False)
            os.chdir(work + "/" + word)
        try:
            getattr(suite, name)()
            print("ok", word, flush=True)
        except Exception as e:  # whatever it is, the next check has its turn
            failures += 1
            place = traceback.extract_tb(e.__traceback__)[-1]
            where = "%s, line %d" % (os.path.basename(place.filename), place.lineno)
            print("FAIL %s: %s %s (%s)" % (word, type(e).__name__, e, where), flush=True)
    os.chdir("/")
    return failures
