"""One customer, several ids: from the ids in the log to the people behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from clvmodels.arrays import IntArray
from clvmodels.errors import ArgumentError, InputError
from clvmodels.ingest.engines import Workbench
from clvmodels.ingest.schema import N_SHOWN, LogColumns, count_of
from clvmodels.records import Note

_WHOLE_NUMBERS = (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32())


def with_customer(
    bench: Workbench, days: nw.LazyFrame[Any], columns: LogColumns, same_customer: Any
) -> tuple[nw.LazyFrame[Any], Note]:
    """Replace the id columns by one column ``customer``.

    Rows that share a value in any id column belong to one customer, and so on along the chain. The ids that are
    collected for it are the distinct ones only.

    Parameters
    ----------
    bench : Workbench
        Where the frame lives.
    days : lazy frame
        With the columns ``id_0``..; at least one of them is known in each row.
    columns : LogColumns
        Their names in the log.
    same_customer : mapping, frame with the columns id and customer_id, or None
        Renames values of the first id column before anything else.
    """
    found = _in_pandas(days.select(*columns.ids).unique())
    found = found.rename(columns=dict(zip(columns.ids, columns.customer, strict=True)))
    ids = [_whole(found[name]) for name in columns.customer]
    linked = list(ids)
    if same_customer is not None:
        linked[0] = _renamed(ids[0], _renaming(same_customer))
    component = _components(linked)
    shown = _shown(linked, component)
    for place, name in enumerate(columns.ids):
        known = pd.DataFrame({name: found[columns.customer[place]], f"to_{name}": shown.array[component]}).dropna()
        table = pa.Table.from_pandas(known.drop_duplicates(name), preserve_index=False)
        days = days.join(bench.put(table), on=name, how="left")
    customer = nw.coalesce(*(f"to_{name}" for name in columns.ids)).alias("customer")
    dropped = [*columns.ids, *(f"to_{name}" for name in columns.ids)]
    return days.with_columns(customer).drop(*dropped), _note(columns, ids, linked, component)


def _components(ids: list[pd.Series[Any]]) -> IntArray:
    """Return the number of the customer behind each row of ids, shape (row,)."""
    n_rows = n_nodes = len(ids[0])
    rows, nodes = [], []
    for values in ids:
        codes, distinct = pd.factorize(values)
        known = np.flatnonzero(codes >= 0)
        rows.append(known)
        nodes.append(n_nodes + codes[known])
        n_nodes += len(distinct)
    ends = (np.concatenate(rows), np.concatenate(nodes))
    graph = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(n_nodes, n_nodes))
    labels = connected_components(graph, directed=False)[1][:n_rows]
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _shown(ids: list[pd.Series[Any]], component: IntArray) -> pd.Series[Any]:
    """Return the id that each customer goes by: the smallest known one of the first column that has any."""
    one_type = len({_family(values) for values in ids}) == 1
    shown: pd.Series[Any] | None = None
    for values in ids:
        known = values.notna()
        smallest = values[known].groupby(component[known]).min()
        text = smallest if one_type else smallest.astype(str)
        if shown is None:
            shown = text
            continue
        later = text[~text.index.isin(shown.index)]
        clash = later.isin(shown)
        if clash.any():
            # Number 7 of one column and number 7 of another are different people.
            shown, later = shown.astype(str), later.astype(str)
            later = later.where(~clash, f"{values.name}:" + later)
        shown = pd.concat([shown, later])
    assert shown is not None
    return shown.sort_index().reset_index(drop=True)


def _renaming(same_customer: Any) -> pd.Series[Any]:
    """Return the last id of each chain of renamings, indexed by the id it starts from."""
    pairs = _pairs(same_customer).drop_duplicates()
    if pairs.empty:
        raise ArgumentError("same_customer names nobody; give the ids that belong together, or leave it out.")
    if pairs.isna().any(axis=None):
        raise InputError(
            f"same_customer has {count_of(int(pairs.isna().any(axis=1).sum()), 'row')} without an id or without a "
            f"customer, which says nothing about anybody; leave such rows out."
        )
    twice = pairs["id"][pairs["id"].duplicated()]
    if len(twice):
        raise InputError(
            f"same_customer gives {count_of(twice.nunique(), 'id')} to more than one customer (first: {_some(twice)}), "
            f"so it's open whose purchases they are; give each id one customer."
        )
    try:
        codes, names = pd.factorize(pd.concat([pairs["id"], pairs["customer_id"]], ignore_index=True))
    except TypeError:
        raise InputError("same_customer holds ids that can't be compared; give numbers or text.") from None
    after = np.arange(len(names))
    after[codes[: len(pairs)]] = codes[len(pairs) :]
    last = after
    for _ in range(len(names).bit_length()):  # each round doubles the steps that are taken
        last = last[last]
    circular = after[last] != last
    if circular.any():
        raise InputError(
            f"same_customer goes round in a circle for {count_of(int(circular.sum()), 'id')} (first: "
            f"{_some(pd.Series(names[circular]))}), so there is no customer at its end; take one link out."
        )
    start = codes[: len(pairs)]
    return pd.Series(names[last[start]], index=pairs["id"]).infer_objects()


def _pairs(same_customer: Any) -> pd.DataFrame:
    if isinstance(same_customer, Mapping):
        return pd.DataFrame({"id": list(same_customer.keys()), "customer_id": list(same_customer.values())})
    with Workbench() as bench:
        table = _in_pandas(bench.open(same_customer, "table same_customer"))
    if {"id", "customer_id"} <= set(table.columns):
        return pd.DataFrame(table[["id", "customer_id"]])
    if table.shape[1] != 2:
        raise InputError(
            f"same_customer has the columns {', '.join(map(str, table.columns))}; give two, the id in the log and the "
            f"customer it belongs to."
        )
    return pd.DataFrame(table.set_axis(["id", "customer_id"], axis=1))


def _renamed(ids: pd.Series[Any], renaming: pd.Series[Any]) -> pd.Series[Any]:
    if _family(ids) != _family(renaming.index):
        raise InputError(
            f"same_customer renames ids such as {renaming.index[0]!r}, but the log's {ids.name!r} holds {ids.dtype}, "
            f"so none would be found; give both the same type."
        )
    place = renaming.index.get_indexer(pd.Index(ids))
    kept = ids if _family(ids) == _family(renaming) else ids.astype("string")
    renamed = np.where(place >= 0, renaming.to_numpy(dtype=object)[place], kept.to_numpy(dtype=object))
    return pd.Series(renamed, name=ids.name).convert_dtypes()


def _family(ids: pd.Series[Any] | pd.Index[Any]) -> str:
    """Return what kind of ids these are; only ids of one kind can be equal."""
    return "number" if pd.api.types.is_numeric_dtype(ids.dtype) else pd.api.types.infer_dtype(ids, skipna=True)


def _in_pandas(frame: nw.LazyFrame[Any]) -> pd.DataFrame:
    """Collect a frame with whole numbers as such, also where some are missing."""
    table: pa.Table = frame.collect("pyarrow").to_native()
    return pd.DataFrame(table.to_pandas(types_mapper={kind: pd.Int64Dtype() for kind in _WHOLE_NUMBERS}.get))


def _whole(ids: pd.Series[Any]) -> pd.Series[Any]:
    """Return whole numbers as such: pandas turns them into floats when one is missing."""
    if pd.api.types.is_float_dtype(ids.dtype) and (ids.dropna() % 1 == 0).all():
        return ids.astype("Int64")
    return ids


def _note(columns: LogColumns, ids: list[pd.Series[Any]], linked: list[pd.Series[Any]], component: IntArray) -> Note:
    n_customers = int(component.max()) + 1
    renamed = ids[0][(ids[0] != linked[0]).fillna(False)].nunique()
    parts = []
    if renamed or len(ids) == 1:
        parts.append(f"same_customer renamed {count_of(renamed, 'id')} of the log")
    if len(ids) > 1:
        pairs = count_of(len(component), "different combination")
        parts.append(f"{pairs} of {' and '.join(columns.customer)} came together by shared values")
    return Note("merged_ids", f"{' and '.join(parts)}, which leaves {count_of(n_customers, 'customer')}.")


def _some(values: pd.Series[Any]) -> str:
    return ", ".join(str(value) for value in values.drop_duplicates().head(N_SHOWN))
