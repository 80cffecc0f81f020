import { useEffect, useRef, useState } from 'preact/hooks';

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  /** The key / leads here. */
  readonly isSearch?: boolean;
  readonly list?: string;
}

/** A reader who types is not asked about every letter. */
const TYPING_MS = 200;

/** A text that takes effect while one types, a moment later. */
export function TextField({ label, value, onChange, placeholder, isSearch, list }: TextFieldProps) {
  const [typed, setTyped] = useState(value);
  const timer = useRef(0);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (text: string) => {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => onChange(text.trim()), TYPING_MS);
  };
  return (
    <label class={isSearch ? 'field field-search' : 'field'}>
      <span class="field-label">{label}</span>
      <input
        type="search"
        value={typed}
        placeholder={placeholder}
        maxLength={256}
        autocomplete="off"
        spellcheck={false}
        list={list}
        data-search={isSearch ? '' : undefined}
        onInput={(event) => change(event.currentTarget.value)}
      />
    </label>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChange: (value: string) => void;
}

export function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label class="field">
      <span class="field-label">{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([one, text]) => (
          <option key={one} value={one} selected={one === value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** One of a few, all in view. */
export function Segments({ label, value, options, onChange }: ChoiceProps) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map(([one, text]) => (
        <button key={one} type="button" aria-pressed={one === value} onClick={() => onChange(one)}>
          {text}
        </button>
      ))}
    </div>
  );
}
