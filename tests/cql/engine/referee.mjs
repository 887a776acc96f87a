// Runs exported libraries with engines that are not ours; prints a line of answers a person.
//   referee.mjs facts LIBRARY FACTS                  criteria over facts that are handed in (a line of facts a person)
//   referee.mjs fhir LIBRARY PEOPLE DAY [fresh]      over FHIR resources (a line `{"bundle": …, "history": {…}}` a person), includes from LIBRARY's folder;
//                                                    `fresh`: as pathway tools do it, with libraries, engine and model made anew for every person
// A LIBRARY that ends in .cql is translated first; the model info of the translator is in the folder that CQL_MODELINFO names.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import cql from "cql-execution";

const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr); // answers alone go to standard output: the translator talks
const [form, path, people, day, fresh] = process.argv.slice(2);

const elm = (one) => one["library"]; // what a file of ELM holds

async function translator() {
  const { CqlTranslator, LibraryManager, ModelManager, stringAsSource, createLibrarySourceProvider, createModelInfoProvider, createUcumService } = await import("@cqframework/cql/cql-to-elm");
  const models = new ModelManager();
  const folder = process.env.CQL_MODELINFO;
  models.modelInfoLoader.registerModelInfoProvider(createModelInfoProvider((id, system, version) => {
    const file = id === "System" ? "system-modelinfo.xml" : `${id.toLowerCase()}-modelinfo-${version}.xml`;
    return stringAsSource(readFileSync(`${folder}/${file}`, "utf-8"));
  }), true);
  // The units in the libraries are calendar ones, which need no conversion.
  const units = createUcumService((value) => value, () => null, (left) => left, (left) => left);
  const manager = new LibraryManager(models, undefined, undefined, units);
  const { librarySourceLoader: sources } = manager;
  sources.registerProvider(createLibrarySourceProvider((name) => stringAsSource(readFileSync(join(dirname(path), `${name}.cql`), "utf8"))));
  return (text) => {
    const found = JSON.parse(CqlTranslator.fromText(text, manager).toJson());
    const errors = (elm(found).annotation ?? []).filter((one) => one.errorSeverity === "error");
    if (errors.length) throw new Error(`${errors.length} errors in translation: ${errors.slice(0, 12).map((one) => `${one.startLine}:${one.startChar} ${one.message}`).join("; ")}`);
    return found;
  };
}

async function loaded() {
  if (!path.endsWith(".cql")) {
    const main = JSON.parse(readFileSync(path, "utf8"));
    const names = (elm(main).includes?.def ?? []).map((one) => one.path);
    return [main, names.map((name) => JSON.parse(readFileSync(join(dirname(path), `${name}.elm.json`), "utf8")))];
  }
  const translate = await translator();
  const text = readFileSync(path, "utf8");
  const names = [...text.matchAll(/^include (\w+)/gm)].map((one) => one[1]);
  return [translate(text), names.map((name) => translate(readFileSync(join(dirname(path), `${name}.cql`), "utf8")))];
}

// Dates are written as {"date": "2020-01-31"}. What is unknown is left out: the engine takes a member that is null for one of the wrong type.
const dates = (value) => (value && typeof value === "object" && value.date ? cql.Date.parse(value.date) : value);
const tuple = (line) => Object.fromEntries(Object.entries(line).filter(([, value]) => value !== null).map(([name, value]) => [name, dates(value)]));
const written = (value) => (value?.isDate ? { date: value.toString() } : value ?? null);

const [main, included] = await loaded();
const shown = elm(main).statements.def.filter((one) => one.accessLevel === "Public" && one.type !== "FunctionDef").map((one) => one.name);
const show = (results) => JSON.stringify(Object.fromEntries(shown.map((name) => [name, written(results[name])])));
const lines = readFileSync(people, "utf8").trim().split("\n");
const library = () => new cql.Library(main, new cql.Repository(Object.fromEntries(included.map((one) => [elm(one).identifier.id, one]))));

if (form === "facts") {
  const made = library();
  for (const line of lines) {
    const results = await new cql.Executor(made, null, { Facts: tuple(JSON.parse(line)) }).exec(new cql.PatientSource([]));
    answer(show(results.unfilteredResults) + "\n");
  }
} else {
  const { PatientSource } = createRequire(import.meta.url)("cql-exec-fhir");
  const as_of = cql.Date.parse(day);
  let made = fresh ? null : library();
  let source = fresh ? null : PatientSource.FHIRv401();
  for (const line of lines) {
    const person = JSON.parse(line);
    if (fresh) {
      made = library();
      source = PatientSource.FHIRv401();
    }
    source.reset();
    source.loadBundles([person.bundle]);
    const results = await new cql.Executor(made, null, { AsOf: as_of, History: tuple(person.history) }).exec(source);
    answer(show(Object.values(results.patientResults)[0]) + "\n");
  }
}
