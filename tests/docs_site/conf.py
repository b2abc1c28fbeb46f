# Copyright: (c) 2026, elemental.networking contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 elemental.networking contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx's configuration of the documentation site; tests/stages/docs_site.py builds it."""

project = "elemental.networking"
copyright = "elemental.networking contributors"  # noqa: A001 (the name is sphinx's)
title = "elemental.networking"
html_title = "elemental.networking"
html_short_title = "elemental.networking"

extensions = ["sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
pygments_style = "ansible"
highlight_language = "YAML+Jinja"

html_theme = "sphinx_ansible_theme"
html_show_sphinx = False
html_use_index = False
html_copy_source = False

# the labels of Ansible's own documentation, without a request: the inventory is made from labels.txt, beside the pages
intersphinx_mapping = {"ansible": ("https://docs.ansible.com/projects/ansible/devel/", "../ansible.inv")}

default_role = "any"
nitpicky = True
