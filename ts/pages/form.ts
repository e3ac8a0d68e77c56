import { html, raw } from 'hono/html'
import type { Html } from './layout.ts'
import type { Visit } from './visit.ts'

/** What was typed before, and what was wrong with it, by field. A message under `''` is about the form as a whole. */
export interface FormState {
  readonly values: URLSearchParams
  readonly errors: ReadonlyMap<string, string>
}

/** A form that nobody has filled in; `values` are the defaults. */
export function emptyForm(values: Record<string, string> = {}): FormState {
  return { values: new URLSearchParams(values), errors: new Map() }
}

export interface Field {
  readonly name: string
  readonly label: string
  readonly type?: 'text' | 'email' | 'password'
  readonly hint?: string
  /** What a password manager may put here (the values of the attribute). */
  readonly autocomplete: string
  readonly isOptional?: boolean
  /** The cursor starts in the first field, or in the first that is wrong. */
  readonly isFirst?: boolean
}

/** The form's start: method, where it goes, that it is this browser's, and the message about the whole. */
export function form(visit: Visit, action: string, state: FormState, content: Html): Html {
  const message = state.errors.get('')
  return html`${message === undefined ? '' : html`<div class="notice bad" role="alert"><p>${message}</p></div>`}
<form class="card" method="post" action="${visit.path(action)}">
<input type="hidden" name="csrf" value="${visit.csrf}">
${content}
</form>`
}

/** A line to type in, with its label, hint and message. A password is never sent back. */
export function field(state: FormState, field: Field): Html {
  const { name, type = 'text' } = field
  const value = type === 'password' ? '' : (state.values.get(name) ?? '')
  const attributes = [
    field.isOptional ? '' : ' required',
    hasFocus(state, field) ? ' autofocus' : '',
    type === 'text' ? ' autocapitalize="none" spellcheck="false"' : '',
  ].join('')
  return html`<div class="field">
<label for="${name}">${field.label}</label>
<input id="${name}" name="${name}" type="${type}" value="${value}" autocomplete="${field.autocomplete}"${raw(attributes)}${described(state, field)}>
${notes(state, field)}
</div>`
}

/** Several lines to type in. */
export function area(state: FormState, of: Omit<Field, 'autocomplete' | 'type'>, rows: number): Html {
  const attributes = `${hasFocus(state, of) ? ' autofocus' : ''} rows="${rows}" spellcheck="false"`
  return html`<div class="field">
<label for="${of.name}">${of.label}</label>
<textarea id="${of.name}" name="${of.name}"${raw(attributes)}${described(state, of)}>
${state.values.get(of.name) ?? ''}</textarea>
${notes(state, of)}
</div>`
}

/** One of a short list. */
export function select(state: FormState, of: { name: string; label: string }, options: readonly Option[]): Html {
  const chosen = state.values.get(of.name)
  return html`<div class="field">
<label for="${of.name}">${of.label}</label>
<select id="${of.name}" name="${of.name}"${described(state, of)}>
${options.map(({ value, label }) => html`<option value="${value}"${raw(value === chosen ? ' selected' : '')}>${label}</option>`)}
</select>
${notes(state, of)}
</div>`
}

export interface Option {
  readonly value: string
  readonly label: string
  readonly hint?: string
}

/** One of a few that need a word each. */
export function choices(state: FormState, of: { name: string; label: string }, options: readonly Option[]): Html {
  const chosen = state.values.get(of.name)
  return html`<fieldset class="field"${described(state, of)}>
<legend>${of.label}</legend>
${options.map(
  ({ value, label, hint }) => html`<label class="choice">
<input type="radio" name="${of.name}" value="${value}"${raw(value === chosen ? ' checked' : '')}>
<span>${label}${hint === undefined ? '' : html`<small>${hint}</small>`}</span>
</label>`,
)}
${notes(state, of)}
</fieldset>`
}

function hasFocus({ errors }: FormState, { name, isFirst = false }: Pick<Field, 'name' | 'isFirst'>): boolean {
  const [firstWrong] = [...errors.keys()].filter((key) => key !== '')
  return firstWrong === undefined ? isFirst : firstWrong === name
}

function described({ errors }: FormState, { name, hint }: Pick<Field, 'name' | 'hint'>): Html | '' {
  const isWrong = errors.has(name)
  const ids = [isWrong ? `${name}-error` : '', hint === undefined ? '' : `${name}-hint`].filter((id) => id !== '')
  if (ids.length === 0) return ''
  return html` aria-describedby="${ids.join(' ')}"${raw(isWrong ? ' aria-invalid="true"' : '')}`
}

function notes({ errors }: FormState, { name, hint }: Pick<Field, 'name' | 'hint'>): Html {
  const error = errors.get(name)
  return html`${hint === undefined ? '' : html`<p class="hint" id="${name}-hint">${hint}</p>`}
${error === undefined ? '' : html`<p class="error" id="${name}-error">${error}</p>`}`
}
