// Shaders as a module of the package: a bundle contains only the shaders of the ops that it uses.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { namedLibraries } from "../../src/gpu/shader.ts";
import type { Plugin } from "rolldown";

const VARIANT = /-(lanes|workgroup|subgroup)\.wgsl$/;

/** Returns the name of the function that registers a shader and returns the shader's name. */
const useOf = (path: string): string => `use_${path.replace(/\.wgsl$/, "").replaceAll(/\W/g, "_")}`;

/** Returns the name of a shader's text: `conv2dForward`, `libPhilox`. */
const nameOf = (path: string): string =>
  path.replace(/\.wgsl$/, "").replaceAll(/\W(\w)/g, (_, letter: string) => letter.toUpperCase());

/**
 * Writes the module of all shaders, and its declarations: each text by name, and for each one a function that registers
 * it together with its libraries and variants. Nothing runs when the module is loaded, so that bundlers leave out what
 * they can.
 */
export function writeShaders(shaders: Readonly<Record<string, string>>, folder: string): void {
  const parts = Object.entries(shaders).map(([path, text]) => {
    const variants = Object.keys(shaders).filter(
      (other) => other !== path && other.replace(VARIANT, ".wgsl") === path,
    );
    const others = [...namedLibraries(text), ...variants].map((other) => `${useOf(other)}();`);
    return `export const ${nameOf(path)} = ${JSON.stringify(text)};
export function ${useOf(path)}() {
  if (!("${path}" in shaders)) { shaders["${path}"] = ${nameOf(path)}; ${others.join(" ")} }
  return "${path.replace(/\.wgsl$/, "")}";
}
`;
  });
  const head = 'import { shaders } from "./gpu/shader-map.js";\n';
  writeFileSync(join(folder, "shaders.js"), head + parts.join(""));
  const declared = Object.keys(shaders).map(
    (path) => `export declare const ${nameOf(path)}: string;\n`,
  );
  writeFileSync(join(folder, "shaders.d.ts"), declared.join(""));
}

/**
 * Makes launchers register their shaders when they name them, and `shaderText` find the registered ones. A custom op
 * may name any library, so `defineOp` registers all of them.
 */
export function shaderRegistry(paths: readonly string[]): Plugin {
  const names = new Set(
    paths.filter((path) => !path.includes("/")).map((path) => path.slice(0, -5)),
  );
  const libraries = paths.filter((path) => path.startsWith("lib/"));
  const known = new Set<string>();
  let seen = "";
  return {
    name: "longhand:shader-registry",
    load: (id) =>
      /gpu[\\/]shader-map\.js$/.test(id)
        ? "export const shaders = Object.create(null);"
        : undefined,
    transform(code, id) {
      const path = id.replaceAll("\\", "/").replace(/^.*\/dist\/compiled\//, "");
      if (path === "gpu/node/adapter.js") {
        const read =
          /readFileSync\(new URL\(`[./]*shaders\/\$\{path\}`, import\.meta\.url\), "utf8"\)/;
        if (!read.test(code)) throw new Error(`${path}: no longer reads shaders as files`);
        return `import { shaders } from "../shader-map.js";\n${code.replace(read, "shaders[path]")}`;
      }
      if (path === "autograd/define-op.js") {
        const add = "device.pipelines.add(";
        if (!code.includes(add)) throw new Error(`${path}: no longer adds shaders`);
        const uses = libraries.map((each) => `${useOf(each)}()`).join(", ");
        return withImports(code.replace(add, `(${uses}, device).pipelines.add(`), libraries);
      }
      if (!/^(kernels\/|gpu\/move-into)/.test(path)) return undefined;
      seen += code;
      const used = new Set<string>();
      const text = code.replaceAll(/\bshader(?::| =) [^\n]*/g, (line) =>
        line.replaceAll(/"([\w-]+)"/g, (literal, name: string) => {
          if (!names.has(name)) return literal;
          used.add(`${name}.wgsl`);
          known.add(name);
          return `/* @__PURE__ */ ${useOf(`${name}.wgsl`)}()`;
        }),
      );
      return used.size === 0 ? undefined : withImports(text, [...used]);
    },
    buildEnd() {
      const left = [...names].filter((name) => !known.has(name) && seen.includes(`"${name}"`));
      if (left.length > 0) throw new Error(`launched in another way: ${left.join(", ")}`);
    },
  };
}

/** Returns the code of a file one folder down, after imports of the functions that register shaders. */
function withImports(code: string, paths: readonly string[]): string {
  return `import { ${paths.map(useOf).join(", ")} } from "../shaders.js";\n${code}`;
}
