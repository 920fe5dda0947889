// The link to a run: whoever opens it starts the same run, in the same view, whatever the form says by now.
import { signal, type Signal } from "@preact/signals";
import { settings, view } from "./state.ts";
import { writeSettings, type Settings } from "./settings.ts";

/** The settings of the run on show; undefined before the first. */
export const runSettings: Signal<Settings | undefined> = signal(undefined);

/** Returns the link to the run on show; without a run, to the one that the form describes. */
export function linkToRun(): string {
  const url = new URL(location.href);
  url.search = "";
  writeSettings(url.searchParams, runSettings.value ?? settings.value);
  if (view.value !== "watch") url.searchParams.set("view", view.value);
  return url.href;
}
