// What the bundler understands and the compiler does not: style sheets that are imported for their effect.
declare module "*.css";
declare module "@fontsource-variable/*";
