// How a build packs other packages: without parts that nothing here uses and that a bundler can't leave out by itself.
import type { Plugin } from "vite";

const JSON_SCHEMA = /\/zod\/v4\/core\/(?:to-json-schema|json-schema-processors)\.js$/;

/** Leaves out zod's writer of JSON Schemas, which every schema refers to and nothing here calls: 7 KB, gzipped. */
export function lightZod(): Plugin {
  return {
    name: "longhand:light-zod",
    transform(code, id) {
      if (!JSON_SCHEMA.test(id.replaceAll("\\", "/"))) return undefined;
      const names = Array.from(
        code.matchAll(/^export (?:const|function|class) (\w+)/gm),
        (m) => m[1]!,
      );
      return {
        code: names.map((name) => `export const ${name} = () => ({});\n`).join(""),
        map: null,
      };
    },
  };
}

/**
 * Makes each part of wgpu-matrix separately, so that the parts that nobody uses can be left out: 8 KB, gzipped. In the
 * package one call makes all of them.
 */
export function lightMatrices(): Plugin {
  return {
    name: "longhand:light-matrices",
    transform(code, id) {
      if (!id.endsWith("/wgpu-matrix.module.js")) return undefined;
      const at = code.indexOf("function wgpuMatrixAPI(");
      const parts = [...code.matchAll(/^ +(mat3|mat4|quat|vec2|vec3|vec4): (getAPI(?:\$\d)?)\(/gm)];
      if (at < 0 || parts.length !== 6) throw new Error(`${id}: is made in another way now`);
      const made = Object.entries({ "": "Float32Array", d: "Float64Array" }).flatMap(
        ([ending, kind]) =>
          parts.map(
            ([, name, make]) =>
              `export const ${name}${ending} = /* @__PURE__ */ ${make}(${kind});\n`,
          ),
      );
      return { code: `${code.slice(0, at)}${made.join("")}export { utils };\n`, map: null };
    },
  };
}

/** Ships of this project's package.json its version alone. */
export function lightManifest(version: string): Plugin {
  return {
    name: "longhand:light-manifest",
    enforce: "pre",
    load: (id) =>
      id.endsWith("/package.json")
        ? { code: `export default ${JSON.stringify({ version })};`, moduleType: "js" }
        : undefined,
  };
}
