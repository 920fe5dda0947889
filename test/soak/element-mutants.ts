// Mutants of the ops that go element by element: roundings, angles and gates.
import type { Mutant } from "./mutants.ts";

export const elementMutants: readonly Mutant[] = [
  {
    kernel: "rounding.forward",
    what: "ties go away from 0",
    from: "((fraction == 0.5f) & is_odd)",
    to: "(fraction == 0.5f)",
    noticed: ["round"],
  },
  {
    kernel: "rounding.forward",
    what: "a number next to 0 is 0",
    from: "away = away & (whole != magnitude);",
    to: "away = away & (bitcast<f32>(whole) != bitcast<f32>(magnitude)) & (magnitude >= 0x00800000u);",
    noticed: ["floor"],
  },
  {
    kernel: "trigonometry.forward",
    what: "fewer digits of 2/π",
    from: "let low = low_part + mul_high(digits, bottom);",
    to: "let low = low_part;",
    noticed: ["sin"],
  },
  {
    kernel: "trigonometry.backward",
    what: "the derivative is a quarter turn behind",
    from: "QUARTER + 1u",
    to: "QUARTER + 3u",
    noticed: ["cos"],
  },
  {
    kernel: "gates.forward",
    what: "the square's tail is left out",
    from: "factor * ((x - h) * (x + h))",
    to: "0f",
    noticed: ["gelu"],
  },
  {
    kernel: "gates.forward",
    what: "x comes in behind the power of 2",
    from: "scale(t * power.m / (1f + e), power.n)",
    to: "t * scale(power.m / (1f + e), power.n)",
    noticed: ["silu"],
  },
  {
    kernel: "gates.backward",
    what: "the density is left out",
    from: "erfcx(max(z, 0.7f)) - density)",
    to: "erfcx(max(z, 0.7f)))",
    noticed: ["gelu"],
  },
  {
    kernel: "gates.backward",
    what: "the hard gate's ends have a slope",
    from: "y > 0f && y < 1f",
    to: "y >= 0f && y <= 1f",
    noticed: ["hardSigmoid"],
  },
  {
    kernel: "prelu.forward",
    what: "the slope is x's own",
    from: "select(b[B_AT + at.y] * x, x, x > 0f)",
    to: "select(b[B_AT + at.x] * x, x, x > 0f)",
    noticed: ["prelu"],
  },
  {
    kernel: "prelu.backward",
    what: "the slope learns from what is above 0",
    from: "select(dy * x, 0f, x > 0f)",
    to: "dy * x",
    noticed: ["prelu"],
  },
];
