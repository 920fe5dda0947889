// For `npx vite build web`: the page as static files in dist/web, with the images next to it.
import type { UserConfig } from "vite";
import { webConfig } from "./server.ts";

const config: UserConfig = webConfig();

export default config;
