// Loaded with --import: just before an answer of the center leaves, what it says is written to /dev/null, where strace shows
// it. In the answer itself TLS hides it.
import { openSync, writeSync } from 'node:fs'
import { ServerResponse } from 'node:http'

const marks = openSync('/dev/null', 'w')
// oxlint-disable-next-line typescript/unbound-method -- it is given its own `this` below
const { end } = ServerResponse.prototype
ServerResponse.prototype.end = function (...args) {
  for (const mark of marksOf(this, args[0])) writeSync(marks, mark)
  return end.apply(this, args)
}

function marksOf({ req, _header: header }, body) {
  const offset = /^upload-offset: (\d+)/im.exec(header)?.[1]
  if (req.method === 'PATCH' && offset !== undefined) return [`taken ${req.url.split('/').at(-1)} ${offset}`]
  if (body === undefined || !/^(GET|POST) \/v1\/(packs|manifests)/.test(`${req.method} ${req.url}`)) return []
  const { members = [], receipt } = JSON.parse(body)
  const stored = members.filter(({ state }) => state === 'stored').map(({ ulid }) => `stored ${ulid}`)
  return receipt === undefined ? stored : ['receipt']
}
