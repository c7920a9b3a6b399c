from __future__ import annotations

from django import forms
from django.http import QueryDict


class WorkflowSearch(forms.Form):
    q = forms.CharField(label="Name", max_length=64, required=False)
    page = forms.IntegerField(min_value=1, max_value=100_000, required=False)


class PageNumber(forms.Form):
    page = forms.IntegerField(min_value=1, max_value=100_000, required=False)

    @classmethod
    def of(cls, query: QueryDict) -> int:
        """The page asked for; the first for anything that is no page number."""
        form = cls(query)
        return form.cleaned_data["page"] or 1 if form.is_valid() else 1
