// The colours of painted pictures follow the page's: ink on paper by day, light on dark by night.
import { keepUp } from "./actions.ts";
import { lab } from "./lab.ts";

/** Sends the current colours to the lab, now and whenever the visitor's scheme changes. */
export function followColours(): void {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const send = (): void => {
    const style = getComputedStyle(document.documentElement);
    const read = (name: string): readonly [number, number, number] => {
      const digits = style.getPropertyValue(name).trim().slice(1);
      const at = (index: number): number => parseInt(digits.slice(index, index + 2), 16) / 255;
      return [at(0), at(2), at(4)];
    };
    const palette = {
      paper: read("--digit-paper"),
      ink: read("--digit-ink"),
      ground: read("--digit-ground"),
    };
    void keepUp(() => lab.recolour(palette));
  };
  scheme.addEventListener("change", send);
  send();
}
