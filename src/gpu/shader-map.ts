// Every shader's text, for browsers, which read no files. Here Vite gathers them; in the package that npm installs, a
// generated module with the same export takes this one's place (packages/longhand/build.ts), so that any bundler serves.

/** The texts of the files in `shaders/`, by their paths there, such as `lib/philox.wgsl`. */
export const shaders: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(
    import.meta.glob<string>("../../shaders/**/*.wgsl", {
      query: "?raw",
      import: "default",
      eager: true,
    }),
  ).map(([path, text]) => [path.replace("../../shaders/", ""), text]),
);
