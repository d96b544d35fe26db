import { html, render } from 'htm/preact'
import { takeSecret } from '../shared/ask.ts'
import { App } from './app.ts'

takeSecret()
render(html`<${App} />`, document.body)
