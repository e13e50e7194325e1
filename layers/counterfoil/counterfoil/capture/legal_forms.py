"""Legal forms of companies, squeezed (`S.à r.l.` is `sarl`): marks of a name that tell no two names apart."""

from __future__ import annotations

LEGAL_FORMS = frozenset(
    # German-speaking countries
    "gmbh mbh ag kg kgaa ohg gbr ug ev eg ek se gmbhcokg gesmbh aktiengesellschaft"
    # English-speaking countries and Asia
    " ltd limited llc llp lp inc incorporated corp corporation plc pty co company pvt pte sdn bhd"
    # Romance languages
    " sarl sas sa sasu eurl eirl sci snc spa srl srls scarl sl slu sll lda ltda unipessoal"
    # Low Countries
    " bv nv bvba sprl vof cvba"
    # Nordic and Baltic countries
    " ab hb as asa aps oy oyj ky ou uab sia"
    # Central and eastern Europe, Turkey
    " spzoo spj spk kft zrt nyrt kkt doo sro sti eood ood".split()
)
# Forms that are ordinary words unless written just so.
FORMS_AS_WRITTEN = frozenset(("OG", "e.U.", "I/S", "K/S", "d.o.o.", "a.s.", "s.r.o.", "A.S."))
# Forms of several words, or grown onto the name.
FORMS_AT_END = ("gmbh", "gmbhcokg", "spzoo", "spzoospk", "spolsro", "ltdsti")
