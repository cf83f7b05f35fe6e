"""Every old key has a new one, and no section still has an old one."""

import pytest
from test_configuration_models import keys

from reward_memory.settings import Configuration
from reward_memory.settings.json_schema import Node
from reward_memory.settings.renamed import RENAMED, sentence

SECTIONS = [[*node.keys] for _, node in keys(Node.of(Configuration)) if node.keys]


@pytest.mark.parametrize("old", RENAMED)
def test_an_old_key_leads_to_keys_that_there_are(old):
    for new in RENAMED[old]:
        assert any(new in section for section in SECTIONS)
        assert sentence(old, [new]).startswith(f"this key is called {new} now")


def test_no_section_has_a_key_and_its_old_name():
    for section in SECTIONS:
        old = [key for key in section if key in RENAMED and {*RENAMED[key]} & {*section}]
        assert old == []


def test_a_key_that_was_never_there_has_no_new_name():
    assert sentence("batches", ["train_batch_size"]) is None
    assert sentence("batch", ["steps"]) is None
