// Every shader's text, for browsers, which can't read files. Here Vite collects them. In the npm package, a generated
// module with the same export replaces this one (packages/longhand/build.ts), so that any bundler works.

/** The texts of the files in `shaders/` by their paths there, such as `lib/philox.wgsl`. */
export const shaders: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(
    import.meta.glob<string>("../../shaders/**/*.wgsl", {
      query: "?raw",
      import: "default",
      eager: true,
    }),
  ).map(([path, text]) => [path.replace("../../shaders/", ""), text]),
);
