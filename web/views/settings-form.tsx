// The settings of the next run: each field with its meaning, and with what is wrong with it.
import type { JSX } from "preact";
import { recipes } from "../../src/gan.ts";
import {
  changeSettings,
  forgetRefusal,
  isBusy,
  problems,
  refused,
  settings,
} from "../state/state.ts";
import { constantsFor, FIELDS, readSettings, type Settings } from "../state/settings.ts";

type Key = keyof Settings;

// Reads the whole form: what is mistyped stays as it is, and is marked.
function change(event: Event): void {
  const form = (event.currentTarget as HTMLElement).closest("form")!;
  const parameters = new URLSearchParams();
  for (const [name, value] of new FormData(form)) parameters.set(name, String(value));
  const read = readSettings(parameters);
  if (read.settings) return changeSettings(read.settings);
  problems.value = read.problems;
  forgetRefusal();
}

/** The form. */
export function SettingsForm(): JSX.Element {
  const { recipe, seed, batch, steps, discriminatorRate, generatorRate, activationType } =
    settings.value;
  const defaults = constantsFor({
    ...settings.value,
    discriminatorRate: undefined,
    generatorRate: undefined,
  });
  const rateOf = (adam: string): string => String(Object(defaults[adam])["learningRate"] ?? "");
  return (
    <form
      id="settings"
      class="settings"
      aria-label="Settings of the next run"
      autocomplete="off"
      onSubmit={(event) => event.preventDefault()}
    >
      <fieldset disabled={isBusy.value}>
        <legend class="visually-hidden">Settings</legend>
        <Labelled field="recipe">
          <select name="recipe" value={recipe} aria-describedby="help-recipe" onInput={change}>
            {recipes.map(({ name, summary }) => (
              <option key={name} value={name} title={summary}>
                {name}
              </option>
            ))}
          </select>
        </Labelled>
        <Input field="seed" value={seed || undefined} placeholder="0" />
        <Input field="batch" value={batch} placeholder={String(defaults["batch"])} />
        <Input
          field="discriminatorRate"
          value={discriminatorRate}
          placeholder={rateOf("discriminatorAdam")}
        />
        <Input field="generatorRate" value={generatorRate} placeholder={rateOf("generatorAdam")} />
        <Input field="steps" value={steps} placeholder={`${String(defaults["epochs"])} epochs`} />
        <Input field="sampleEvery" value={settings.value.sampleEvery} placeholder="20" />
        <Input field="tune" value={settings.value.tune} placeholder="0 seconds" />
        <Labelled field="activationType">
          <select
            name="f16"
            value={activationType === "f16" ? "1" : ""}
            aria-describedby="help-activationType"
            onInput={change}
          >
            <option value="">32 bits</option>
            <option value="1">16 bits</option>
          </select>
        </Labelled>
        <Input
          field="constants"
          value={
            Object.keys(settings.value.constants).length > 0
              ? JSON.stringify(settings.value.constants)
              : undefined
          }
          placeholder='{"smoothing":0.1}'
        />
      </fieldset>
    </form>
  );
}

const problemOf = (field: Key): string | undefined => problems.value[field] ?? refused.value[field];

function Labelled({
  field,
  children,
}: {
  readonly field: Key;
  readonly children: JSX.Element;
}): JSX.Element {
  const problem = problemOf(field);
  return (
    <div class={`field ${problem ? "wrong" : ""}`}>
      <label>
        <span>{FIELDS[field].label}</span>
        {children}
      </label>
      <p id={`help-${field}`} class="faint">
        {problem ?? FIELDS[field].help}
      </p>
    </div>
  );
}

function Input({
  field,
  value,
  placeholder,
}: {
  readonly field: Key;
  readonly value: number | string | undefined;
  readonly placeholder: string;
}): JSX.Element {
  return (
    <Labelled field={field}>
      <input
        name={FIELDS[field].name}
        type="text"
        inputMode={field === "constants" ? "text" : "decimal"}
        value={value === undefined ? "" : String(value)}
        placeholder={placeholder}
        aria-describedby={`help-${field}`}
        aria-invalid={problemOf(field) !== undefined}
        onChange={change}
      />
    </Labelled>
  );
}
