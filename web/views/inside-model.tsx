// The picture of both networks: a block per layer, as large as what the layer makes, and a button to look into it.
import type { JSX } from "preact";
import type { LayerFacts, Player } from "../../src/web.ts";
import type { NetworkFacts } from "../lab/inside.ts";
import { chosen } from "../state/inside.ts";
import { whole } from "../ui/words.ts";

const TITLES: Readonly<Record<Player, string>> = {
  generator: "Generator: from noise to an image",
  discriminator: "Discriminator: from an image to a verdict",
};

/** Both networks. */
export function ModelPicture({ facts }: { readonly facts: NetworkFacts }): JSX.Element {
  return (
    <div class="model">
      {(["generator", "discriminator"] as const).map((network) => (
        <section key={network} class={`network ${network}`} aria-label={TITLES[network]}>
          <h3>{TITLES[network]}</h3>
          <ol class="layers">
            {facts.layers[network].map((layer, index) => (
              <li key={layer.name}>
                <LayerButton network={network} layer={layer} index={index} />
              </li>
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

function LayerButton({
  network,
  layer,
  index,
}: {
  readonly network: Player;
  readonly layer: LayerFacts;
  readonly index: number;
}): JSX.Element {
  const isChosen = chosen.value.network === network && chosen.value.layer === index;
  return (
    <button
      type="button"
      class={`layer ${layer.parameters > 0 ? "learns" : "plain"}`}
      aria-pressed={isChosen}
      data-layer={layer.name}
      title={[layer.kind, layer.detail].filter((text) => text !== "").join(", ")}
      onClick={() => (chosen.value = { network, layer: index })}
    >
      <Slab shape={layer.outputShape} />
      <span class="layer-kind">{layer.kind}</span>
      <span class="layer-shape">{layer.outputShape.map(whole).join(" × ")}</span>
    </button>
  );
}

const LARGEST = 34; // pixels of a side of 28 values
const SHEETS = 6;

/** A stack of sheets as high and wide as the layer's images; more channels are more sheets. A vector is a bar. */
function Slab({ shape }: { readonly shape: readonly number[] }): JSX.Element {
  const [height = 1, width = 1, channels = 1] = shape;
  const isImage = shape.length === 3;
  const size = (extent: number): number => 6 + (LARGEST - 6) * Math.sqrt(extent / 28);
  const [w, h] = isImage
    ? [size(width), size(height)]
    : [7, 8 + 2.6 * Math.log2(Math.max(1, height))];
  const sheets = isImage ? Math.min(SHEETS, 1 + Math.floor(Math.log2(channels) / 1.4)) : 1;
  const [across, down] = [w + 4 * (sheets - 1) + 2, h + 3 * (sheets - 1) + 2];
  return (
    <svg width={across} height={down} viewBox={`0 0 ${across} ${down}`} aria-hidden="true">
      {Array.from({ length: sheets }, (_, i) => {
        const back = sheets - 1 - i;
        return (
          <rect
            key={i}
            x={1 + 4 * back}
            y={1 + 3 * (sheets - 1 - back)}
            width={w}
            height={h}
            rx="1.5"
          />
        );
      })}
    </svg>
  );
}
