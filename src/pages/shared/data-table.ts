import { html } from 'htm/preact'
import type { ComponentChildren, VNode } from 'preact'

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => ComponentChildren
  /** Right-aligned, with digits of one width. */
  readonly isNumber?: boolean
  /** Names the row for a screen reader. */
  readonly isHead?: boolean
}

interface DataTableOptions<Row> {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  /** Shown instead of a table without rows. */
  readonly none: string
}

/**
 * A table; on a narrow screen each row becomes a card. The roles are explicit, because a browser drops those of a table
 * whose parts are no longer displayed as one.
 */
export function dataTable<Row>({ label, columns, rows, keyOf, none }: DataTableOptions<Row>): VNode {
  if (rows.length === 0) return html`<p class="none">${none}</p>`
  return html`<table role="table" class="data" aria-label=${label}>
    <thead role="rowgroup"><tr role="row">
      ${columns.map(({ title, isNumber }) => html`<th role="columnheader" scope="col" class=${isNumber ? 'number' : ''}>${title}</th>`)}
    </tr></thead>
    <tbody role="rowgroup">${rows.map(
      (row) => html`<tr role="row" key=${keyOf(row)}>${columns.map((column) => cellOf(column, row))}</tr>`,
    )}</tbody>
  </table>`
}

function cellOf<Row>({ title, cell, isNumber, isHead }: Column<Row>, row: Row): VNode {
  const content = cell(row)
  const kind = `${isNumber ? 'number' : ''}${content === '' || content === null ? ' empty' : ''}`
  const inside = html`<span class="label" aria-hidden="true">${title}</span><span class="value">${content}</span>`
  return isHead
      ? html`<th role="rowheader" scope="row" class=${kind}>${inside}</th>`
      : html`<td role="cell" class=${kind}>${inside}</td>`
}
