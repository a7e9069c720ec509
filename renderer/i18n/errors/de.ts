/** What main process and engine say when something goes wrong, in German. */
import type { Said } from '../said';

export const errors: Said = {
  '{{a}} has no weights with a name that is known here (such as {{b}}.safetensors); download the whole model folder again.':
    '{{a}} enthält keine Gewichte unter einem Namen, der hier bekannt ist (etwa {{b}}.safetensors); den ganzen Modellordner noch einmal herunterladen.',
  'The part {{a}} of {{b}} is missing; download the whole model folder again.':
    'Der Teil {{a}} von {{b}} fehlt; den ganzen Modellordner noch einmal herunterladen.',
  '{{a}} does not hold "{{b}}", which {{c}} promises; download the whole model folder again.':
    '{{a}} enthält „{{b}}“ nicht, das {{c}} verspricht; den ganzen Modellordner noch einmal herunterladen.',
  '{{a}} is not a list of weights; download the model again.':
    '{{a}} ist keine Liste von Gewichten; das Modell noch einmal herunterladen.',
  "{{a}} cannot be opened in place, because {{b}} is on another disk and its own folder {{c}} cannot hold the graph and all of its weights; make that folder writable, put the model's files and LoRAs together into it, or move them to the disk of {{d}}.":
    '{{a}} lässt sich nicht an Ort und Stelle öffnen, weil {{b}} auf einer anderen Platte liegt und der eigene Ordner {{c}} den Graphen und alle Gewichte nicht aufnehmen kann; den Ordner beschreibbar machen, Modell und LoRAs zusammen hineinlegen oder sie auf die Platte von {{d}} bringen.',
  '{{a}} is stored as {{b}} ({{c}}), which cannot be computed here; download its float16 or bfloat16 version.':
    '{{a}} ist als {{b}} gespeichert ({{c}}), womit hier nicht gerechnet werden kann; die Fassung in float16 oder bfloat16 herunterladen.',
  '{{a}} is no checkpoint that is known here; choose a Stable Diffusion or FLUX.1 checkpoint, or a model folder.':
    '{{a}} ist kein Checkpoint, der hier bekannt ist; einen Checkpoint von Stable Diffusion oder FLUX.1 wählen, oder einen Modellordner.',
  '{{a}} is {{b}}, which cannot be opened here; choose a Stable Diffusion or FLUX.1 checkpoint.':
    '{{a}} ist {{b}} und kann hier nicht geöffnet werden; einen Checkpoint von Stable Diffusion oder FLUX.1 wählen.',
  '{{a}} holds no autoencoder that is known here; choose a VAE or TAESD file, or a vae folder.':
    '{{a}} enthält keinen Autoencoder, der hier bekannt ist; eine VAE- oder TAESD-Datei wählen, oder einen Ordner „vae“.',
  '{{a}} cannot be read; check the path and its permissions.':
    '{{a}} ist nicht lesbar; Pfad und Rechte prüfen.',
  '{{a}} is a pickle or PyTorch archive and not a safetensors file, whatever its name says; such files can run programs, so convert it to safetensors or download that version.':
    '{{a}} ist ein Pickle- oder PyTorch-Archiv und keine safetensors-Datei, wie auch immer es heißt; solche Dateien können Programme ausführen, also in safetensors umwandeln oder diese Fassung herunterladen.',
  '{{a}} cannot be used, because {{b}}; it is damaged, cut off, or not a safetensors file.':
    '{{a}} ist nicht zu gebrauchen, denn {{b}}; die Datei ist beschädigt, abgeschnitten oder keine safetensors-Datei.',
  '{{a}} has no complete {{b}}; it was cut out of a checkpoint or is of an unknown architecture, so use the whole checkpoint.':
    '{{a}} hat kein vollständiges {{b}}; es wurde aus einem Checkpoint herausgeschnitten oder ist unbekannt gebaut, also den ganzen Checkpoint nehmen.',
  'The weights of {{a}} have no tensor "{{b}}"; the file is incomplete or of another architecture, so download the model again.':
    'In den Gewichten von {{a}} fehlt der Tensor „{{b}}“; die Datei ist unvollständig oder anders gebaut, also das Modell noch einmal herunterladen.',
  'The tensor "{{a}}" of {{b}} has the shape {{c}} where {{d}} is expected; config and weights do not belong together.':
    'Der Tensor „{{a}}“ von {{b}} hat die Form {{c}} statt {{d}}; Konfiguration und Gewichte gehören nicht zusammen.',
  'The tensor "{{a}}" has {{b}} rows, which are not {{c}} equal parts; the checkpoint is damaged.':
    'Der Tensor „{{a}}“ hat {{b}} Zeilen, die keine {{c}} gleichen Teile ergeben; der Checkpoint ist beschädigt.',
  '"{{a}}" is not an address of an endpoint; give one like http://127.0.0.1:8765.':
    '„{{a}}“ ist keine Adresse eines Endpunkts; eine wie http://127.0.0.1:8765 angeben.',
  'The job was cancelled before it was finished; img2img keeps what is done and goes on from there when it is started again.':
    'Der Auftrag wurde abgebrochen, bevor er fertig war; was getan ist, bleibt, und beim nächsten Start geht es dort weiter.',
  'This model is {{a}}, which this version cannot run; choose a Stable Diffusion model.':
    'Dieses Modell ist {{a}}, das diese Version nicht ausführen kann; ein Modell von Stable Diffusion wählen.',
  'This Flux model wants {{a}} features a token and not {{b}}, because it is made for masks, depth or outlines, which this version cannot run; choose FLUX.1 schnell or dev.':
    'Dieses Flux-Modell will {{a}} Merkmale je Token und nicht {{b}}, weil es für Masken, Tiefe oder Umrisse gemacht ist, was diese Version nicht kann; FLUX.1 schnell oder dev wählen.',
  'This model was exported for pictures of {{a}} pixels and not for {{b}}; choose a working size with as many pixels.':
    'Dieses Modell wurde für Bilder von {{a}} Pixeln exportiert und nicht für {{b}}; eine Arbeitsgröße mit so vielen Pixeln wählen.',
  'The text encoder makes {{a}} states of width {{b}} but the transformer wants {{c}} of {{d}}; the parts of this model do not belong together.':
    'Der Textencoder liefert {{a}} Zustände der Breite {{b}}, aber der Transformer will {{c}} der Breite {{d}}; die Teile dieses Modells gehören nicht zusammen.',
  'This model takes prompts of at most {{a}} tokens and the prompt is longer; shorten the prompt.':
    'Dieses Modell nimmt Prompts von höchstens {{a}} Token, und der Prompt ist länger; den Prompt kürzen.',
  'The text encoder makes embeddings of width {{a}} but the UNet wants {{b}}; the parts of this model folder do not belong together.':
    'Der Textencoder liefert Vektoren der Breite {{a}}, aber das UNet will {{b}}; die Teile dieses Modellordners gehören nicht zusammen.',
  'This model was distilled with a guidance input (timestep_cond), of which its unet/config.json says nothing; download the whole model folder again.':
    'Dieses Modell wurde mit einem Eingang für die Guidance destilliert (timestep_cond), von dem seine unet/config.json nichts sagt; den ganzen Modellordner noch einmal herunterladen.',
  'The UNet of this model wants {{a}}numbers as {{b}} that its text encoders do not give; the parts of this model folder do not belong together.':
    'Das UNet dieses Modells will {{a}}Zahlen als {{b}}, die seine Textencoder nicht liefern; die Teile dieses Modellordners gehören nicht zusammen.',
  'The config of {{a}} has a setting that cannot be built here ("{{b}}"); use a Stable Diffusion or FLUX.1 model in its usual architecture.':
    'Die Konfiguration von {{a}} hat eine Einstellung, die hier nicht gebaut werden kann („{{b}}“); ein Modell von Stable Diffusion oder FLUX.1 in üblicher Bauart nehmen.',
  "The model's {{a}} is {{b}}, which does not divide its {{c}} channels; the model is not built like Stable Diffusion or FLUX.1, or its config belongs to another one.":
    '{{a}} des Modells ist {{b}}, was seine {{c}} Kanäle nicht teilt; das Modell ist nicht gebaut wie Stable Diffusion oder FLUX.1, oder seine Konfiguration gehört zu einem anderen.',
  '"{{a}}" is {{b}}, which Underpaint cannot open; use a JPEG, PNG, WebP, AVIF, TIFF or GIF picture.':
    '„{{a}}“ ist {{b}}, was Underpaint nicht öffnen kann; ein Bild in JPEG, PNG, WebP, AVIF, TIFF oder GIF nehmen.',
  '"{{a}}" starts like a {{b}} picture but is not one that Underpaint can open; save it as PNG or JPEG and try again.':
    '„{{a}}“ beginnt wie ein {{b}}-Bild, ist aber keines, das Underpaint öffnen kann; als PNG oder JPEG sichern und noch einmal versuchen.',
  '"{{a}}" has {{b}} × {{c}} pixels, more than the {{d}} million that Underpaint opens; make it smaller and try again.':
    '„{{a}}“ hat {{b}} × {{c}} Pixel, mehr als die {{d}} Millionen, die Underpaint öffnet; verkleinern und noch einmal versuchen.',
  '"{{a}}" stores its colours as {{b}} numbers, which Underpaint cannot show faithfully; save it with 8 or 16 bits per channel and try again.':
    '„{{a}}“ speichert seine Farben als {{b}} Zahlen, was Underpaint nicht treu zeigen kann; mit 8 oder 16 Bit je Kanal sichern und noch einmal versuchen.',
  '"{{a}}" takes too long to open; save it again as PNG and try that.':
    '„{{a}}“ braucht zu lange zum Öffnen; neu als PNG sichern und damit versuchen.',
  '"{{a}}" is damaged or incomplete, so it cannot be opened; get a fresh copy or save it again from the program that made it.':
    '„{{a}}“ ist beschädigt oder unvollständig und lässt sich nicht öffnen; eine frische Kopie holen oder aus dem Programm, das es gemacht hat, neu sichern.',
  'The mask has {{a}} × {{b}} pixels and the picture {{c}} × {{d}}, which is another shape; make the mask from the picture itself, with the same size.':
    'Die Maske hat {{a}} × {{b}} Pixel und das Bild {{c}} × {{d}}, also eine andere Form; die Maske aus dem Bild selbst machen, in derselben Größe.',
  'A strip holds 1 to {{a}} pictures, not {{b}}; choose fewer.':
    'Ein Streifen fasst 1 bis {{a}} Bilder, nicht {{b}}; weniger wählen.',
  '"{{a}}" is a folder, not a picture; choose a picture file inside it.':
    '„{{a}}“ ist ein Ordner und kein Bild; eine Bilddatei darin wählen.',
  '"{{a}}" is not a file but a device or a pipe; choose a picture file.':
    '„{{a}}“ ist keine Datei, sondern ein Gerät oder eine Pipe; eine Bilddatei wählen.',
  '"{{a}}" is empty (0 bytes), so there is no picture in it; choose another file.':
    '„{{a}}“ ist leer (0 Byte), es ist also kein Bild darin; eine andere Datei wählen.',
  '"{{a}}" is larger than 1 GiB, which is more than Underpaint reads; save the picture smaller and try again.':
    '„{{a}}“ ist größer als 1 GiB, mehr als Underpaint liest; das Bild kleiner sichern und noch einmal versuchen.',
  '"{{a}}" does not exist; check the path, or whether it was moved or renamed.':
    '„{{a}}“ gibt es nicht; den Pfad prüfen, oder ob die Datei verschoben oder umbenannt wurde.',
  '"{{a}}" cannot be read because this account has no permission; allow reading it or copy it elsewhere.':
    '„{{a}}“ darf von diesem Konto nicht gelesen werden; das Lesen erlauben oder die Datei woandershin kopieren.',
  '"{{a}}" is not a usable path; check how it is written.':
    '„{{a}}“ ist kein brauchbarer Pfad; die Schreibweise prüfen.',
  '"{{a}}" could not be read from the disk ({{b}}); check the drive and try again.':
    '„{{a}}“ konnte nicht von der Platte gelesen werden ({{b}}); das Laufwerk prüfen und noch einmal versuchen.',
  'A {{a}} file cannot hold {{b}} × {{c}} pixels (at most {{d}} per side); choose PNG instead.':
    'Eine {{a}}-Datei fasst keine {{b}} × {{c}} Pixel (höchstens {{d}} je Seite); stattdessen PNG wählen.',
  '"{{a}}" is a file, not a folder; choose a folder for the results.':
    '„{{a}}“ ist eine Datei und kein Ordner; einen Ordner für die Ergebnisse wählen.',
  '"{{a}}" could not be saved because the disk is full; free some space and try again.':
    '„{{a}}“ konnte nicht gesichert werden, weil die Platte voll ist; Platz schaffen und noch einmal versuchen.',
  '"{{a}}" could not be saved because this drive does not take a file that large; choose another folder.':
    '„{{a}}“ konnte nicht gesichert werden, weil dieses Laufwerk keine so große Datei nimmt; einen anderen Ordner wählen.',
  'The folder "{{a}}" does not exist, so nothing can be saved there; create it or choose another folder.':
    'Den Ordner „{{a}}“ gibt es nicht, also kann dort nichts gesichert werden; anlegen oder einen anderen wählen.',
  'Nothing can be saved in "{{a}}" because it is not writable; choose another folder.':
    'In „{{a}}“ darf nicht geschrieben werden; einen anderen Ordner wählen.',
  '"{{a}}" is a folder, so no file can be saved under that name; choose another name.':
    '„{{a}}“ ist ein Ordner, also kann keine Datei so heißen; einen anderen Namen wählen.',
  '"{{a}}" could not be saved ({{b}}); check the drive or choose another folder.':
    '„{{a}}“ konnte nicht gesichert werden ({{b}}); das Laufwerk prüfen oder einen anderen Ordner wählen.',
  'The request "{{a}}" has unusable {{b}}: {{c}}.': 'Die Anfrage „{{a}}“ hat unbrauchbare {{b}}: {{c}}.',
  '{{a}} is an ONNX export, and only safetensors checkpoints have an int8 variant; use the checkpoint that it was made from.':
    '{{a}} ist ein ONNX-Export, und nur safetensors-Checkpoints haben eine int8-Fassung; den Checkpoint nehmen, aus dem er gemacht wurde.',
  '{{a}} has no int8 variant on this machine yet; make it with "underpaint models quantize", or choose float32.':
    '{{a}} hat auf diesem Rechner noch keine int8-Fassung; mit „underpaint models quantize“ machen oder float32 wählen.',
  'The white of the mask lies wholly in what is cut away from the picture at this size, so nothing would be painted; choose --fit pad, or another size.':
    'Das Weiße der Maske liegt ganz in dem, was bei dieser Größe vom Bild abgeschnitten wird, also würde nichts gemalt; „Auffüllen“ oder eine andere Größe wählen.',
  'This file holds no float32 or float16 tensor "latents"; give a file that "underpaint encode" wrote.':
    'Diese Datei enthält keinen Tensor „latents“ in float32 oder float16; eine Datei nehmen, die „underpaint encode“ geschrieben hat.',
  'The latents have the shape [{{a}}], but this model decodes [1, {{b}}, height, width]; use the model that encoded them.':
    'Die Latents haben die Form [{{a}}], aber dieses Modell dekodiert [1, {{b}}, Höhe, Breite]; das Modell nehmen, das sie kodiert hat.',
  'The latents in "{{a}}" hold {{b}}, so there is no picture in them; encode the picture again.':
    'Die Latents in „{{a}}“ enthalten {{b}}, es ist also kein Bild darin; das Bild noch einmal kodieren.',
  'The safetensors file cannot be read, because {{a}}; it may be damaged or cut off.':
    'Die safetensors-Datei ist nicht lesbar, denn {{a}}; sie ist wohl beschädigt oder abgeschnitten.',
  'The LoRA {{a}} cannot be used, because the alpha of "{{b}}" is not a number; download it again.':
    'Das LoRA {{a}} ist nicht zu gebrauchen, weil das Alpha von „{{b}}“ keine Zahl ist; noch einmal herunterladen.',
  'The LoRA {{a}} cannot be used, because its metadata "lora_adapter_metadata" is not a list of settings; download it again.':
    'Das LoRA {{a}} ist nicht zu gebrauchen, weil seine Metadaten „lora_adapter_metadata“ keine Liste von Einstellungen sind; noch einmal herunterladen.',
  'The folder of your results cannot be read and written ({{a}}); make sure that it is a folder and yours, then try again.':
    'Der Ordner der Ergebnisse lässt sich nicht lesen und beschreiben ({{a}}); sicherstellen, dass er ein Ordner und der eigene ist, dann noch einmal versuchen.',
  'The folder {{a}} cannot be read; check its permissions.':
    'Der Ordner {{a}} ist nicht lesbar; seine Rechte prüfen.',
  'There is no LoRA "{{a}}" in {{b}}; {{c}}.': 'In {{b}} gibt es kein LoRA „{{a}}“; {{c}}.',
  'The LoRA {{a}} cannot be used with {{b}}, because that model comes as finished ONNX graphs; choose the same model as a checkpoint (safetensors) with --model.':
    'Das LoRA {{a}} geht nicht mit {{b}}, weil dieses Modell aus fertigen ONNX-Graphen besteht; dasselbe Modell als Checkpoint (safetensors) wählen.',
  '"{{a}}" in the prompt is not understood; write <lora:name:strength> with one number from {{b}} to {{c}}, such as <lora:watercolour:0.8>.':
    '„{{a}}“ im Prompt ist nicht verständlich; <lora:Name:Stärke> mit einer Zahl von {{b}} bis {{c}} schreiben, etwa <lora:watercolour:0.8>.',
  '{{a}} is not a .safetensors file; LoRAs in other formats can run programs and are not opened, so download that version.':
    '{{a}} ist keine .safetensors-Datei; LoRAs in anderen Formaten können Programme ausführen und werden nicht geöffnet, also diese Fassung herunterladen.',
  '{{a}} is a {{b}} file, which cannot be used here; use a plain LoRA (or LoCon) version of it.':
    '{{a}} ist eine {{b}}-Datei, die hier nicht zu gebrauchen ist; eine Fassung als einfaches LoRA (oder LoCon) nehmen.',
  '{{a}} holds no LoRA (no pairs of matrices such as lora_down and lora_up); a whole checkpoint goes to --model instead.':
    '{{a}} enthält kein LoRA (keine Paare von Matrizen wie lora_down und lora_up); ein ganzer Checkpoint wird als Modell geöffnet.',
  'The LoRA {{a}} cannot be used, because {{b}}; download it again.':
    'Das LoRA {{a}} ist nicht zu gebrauchen, denn {{b}}; noch einmal herunterladen.',
  'A LoRA in the negative prompt has no meaning; write it into the prompt, with a negative strength to turn its effect round.':
    'Ein LoRA im negativen Prompt bedeutet nichts; in den Prompt schreiben, mit negativer Stärke, um seine Wirkung umzukehren.',
  'At most {{a}} LoRAs can be used at once, not {{b}}; leave some out.':
    'Höchstens {{a}} LoRAs gehen zugleich, nicht {{b}}; einige weglassen.',
  'The model {{a}} has no {{b}}/config.json, without which its weights cannot be read; download the whole model folder again.':
    'Dem Modell {{a}} fehlt {{b}}/config.json, ohne die seine Gewichte nicht lesbar sind; den ganzen Modellordner noch einmal herunterladen.',
  'The model {{a}} has no vae_encoder, so it can make pictures but cannot change one; use an export that includes vae_encoder.':
    'Dem Modell {{a}} fehlt vae_encoder, es kann also Bilder machen, aber keines verändern; einen Export mit vae_encoder nehmen.',
  '{{a}}/{{b}} holds only pickled weights (.bin), which can run programs and are not opened; download the safetensors version of this model.':
    '{{a}}/{{b}} enthält nur Pickle-Gewichte (.bin), die Programme ausführen können und nicht geöffnet werden; die safetensors-Fassung dieses Modells herunterladen.',
  'The model {{a}} has no {{b}}/model.onnx and no safetensors weights for it; download the whole model folder again.':
    'Dem Modell {{a}} fehlen {{b}}/model.onnx und safetensors-Gewichte dafür; den ganzen Modellordner noch einmal herunterladen.',
  'The model folder {{a}} has no "{{b}}" part; download the whole model again, or choose a folder in the diffusers layout.':
    'Dem Modellordner {{a}} fehlt der Teil „{{b}}“; das ganze Modell noch einmal herunterladen oder einen Ordner im Aufbau von diffusers wählen.',
  "The model's {{a}} is missing or cannot be read; download the model again.":
    '{{a}} des Modells fehlt oder ist nicht lesbar; das Modell noch einmal herunterladen.',
  "The model's {{a}} does not hold settings; download the model again.":
    '{{a}} des Modells enthält keine Einstellungen; das Modell noch einmal herunterladen.',
  '{{a}} is a transformer model of the kind {{b}}, which cannot be run here; choose a Stable Diffusion or FLUX.1 model.':
    '{{a}} ist ein Transformer-Modell der Art {{b}}, die hier nicht läuft; ein Modell von Stable Diffusion oder FLUX.1 wählen.',
  '{{a}} holds the transformer of a FLUX.1 model but not all that belongs to it; put {{b}} into {{c}}.':
    '{{a}} enthält den Transformer eines FLUX.1-Modells, aber nicht alles, was dazugehört; {{b}} in {{c}} legen.',
  '{{a}} has a convolution over {{b}} channels, which WebGPU computes wrongly; the checkpoint (safetensors) of this model runs there.':
    '{{a}} hat eine Faltung über {{b}} Kanäle, die WebGPU falsch berechnet; der Checkpoint (safetensors) dieses Modells läuft dort.',
  'LoRAs cannot be added to a model in int8, whose weights are fixed; choose float32, or leave the LoRAs out.':
    'Zu einem Modell in int8, dessen Gewichte feststehen, lassen sich keine LoRAs hinzufügen; float32 wählen oder die LoRAs weglassen.',
  'The model {{a}} cannot be read; check its permissions.':
    'Das Modell {{a}} ist nicht lesbar; seine Rechte prüfen.',
  '{{a}} is a folder of several single-file checkpoints; choose one of them, such as {{b}}.':
    '{{a}} ist ein Ordner mit mehreren Checkpoints; einen davon wählen, etwa {{b}}.',
  "{{a}} was made for NVIDIA's TensorRT, and its bfloat16 and 8-bit graphs cannot be run here; use a FLUX.1 folder or file with safetensors.":
    '{{a}} wurde für NVIDIAs TensorRT gemacht, und seine Graphen in bfloat16 und 8 Bit laufen hier nicht; einen Ordner oder eine Datei von FLUX.1 mit safetensors nehmen.',
  "The model's {{a}} made {{b}} in every way that was tried, so no picture was saved; try another model or a float32 export of this one.":
    '{{a}} des Modells ergab {{b}} auf jedem Weg, der versucht wurde, also wurde kein Bild gesichert; ein anderes Modell oder einen float32-Export von diesem versuchen.',
  '{{a}} is an ONNX export, and only safetensors checkpoints are prepared; use the checkpoint that it was made from.':
    '{{a}} ist ein ONNX-Export, und nur safetensors-Checkpoints werden vorbereitet; den Checkpoint nehmen, aus dem er gemacht wurde.',
  'Preparing {{a}} takes about {{b}} and its disk has {{c}} left; make room first.':
    '{{a}} vorzubereiten braucht etwa {{b}}, und auf seiner Platte sind {{c}} frei; zuerst Platz schaffen.',
  '{{a}} works on latents of {{b}} channels but {{c}} on {{d}}; choose an autoencoder that was made for this kind of model.':
    '{{a}} arbeitet auf Latents mit {{b}} Kanälen, {{c}} aber mit {{d}}; einen Autoencoder wählen, der für solche Modelle gemacht ist.',
  '{{a}} holds a {{b}} and no autoencoder; choose a vae folder or a VAE file.':
    '{{a}} enthält {{b}} und keinen Autoencoder; einen Ordner „vae“ oder eine VAE-Datei wählen.',
  'There is no autoencoder at {{a}}; check the path, or leave --vae out.':
    'Unter {{a}} liegt kein Autoencoder; den Pfad prüfen oder --vae weglassen.',
  '{{a}} is only the {{b}} of a tiny autoencoder, and its {{c}} does not lie beside it under the same name; put both files, such as taesd_encoder.safetensors and taesd_decoder.safetensors, into one folder.':
    '{{a}} ist nur der {{b}} eines kleinen Autoencoders, und sein {{c}} liegt nicht unter demselben Namen daneben; beide Dateien, etwa taesd_encoder.safetensors und taesd_decoder.safetensors, in einen Ordner legen.',
  "{{a}} is no autoencoder's folder (it has neither config.json nor one set of .safetensors weights); choose a vae folder or a VAE file.":
    '{{a}} ist kein Ordner eines Autoencoders (weder config.json noch ein Satz .safetensors-Gewichte); einen Ordner „vae“ oder eine VAE-Datei wählen.',
  '{{a}} is a pickled checkpoint, which can run programs and is not opened; download the safetensors version of this model.':
    '{{a}} ist ein Pickle-Checkpoint, der Programme ausführen kann und nicht geöffnet wird; die safetensors-Fassung dieses Modells herunterladen.',
  '{{a}} is a file, but no .safetensors checkpoint; choose such a file, or a model folder.':
    '{{a}} ist eine Datei, aber kein .safetensors-Checkpoint; eine solche Datei oder einen Modellordner wählen.',
  "The model's starter.json does not hold what it should; install Underpaint again.":
    'Die starter.json des Modells enthält nicht, was sie soll; Underpaint neu installieren.',
  'The bundled starter model is missing from this installation; install Underpaint again, or choose a model folder.':
    'Das mitgelieferte Startmodell fehlt in dieser Installation; Underpaint neu installieren oder einen Modellordner wählen.',
  'This model has no {{a}} that is known here (it offers {{b}}); use an export by optimum or diffusers.':
    'Dieses Modell hat kein {{a}}, das hier bekannt ist (es bietet {{b}}); einen Export von optimum oder diffusers nehmen.',
  '{{a}} could not be run on {{b}}: {{c}}.': '{{a}} ließ sich auf {{b}} nicht ausführen: {{c}}.',
  'The model\'s input "{{a}}" wants {{b}} numbers, which cannot be given to it here; use an export with float32 or float16 inputs.':
    'Der Eingang „{{a}}“ des Modells will {{b}} Zahlen, die ihm hier nicht gegeben werden können; einen Export mit float32- oder float16-Eingängen nehmen.',
  'The model\'s output "{{a}}" is {{b}}, which is not a picture or latent type; use an export with float32 or float16 outputs.':
    'Der Ausgang „{{a}}“ des Modells ist {{b}} und damit weder Bild noch Latents; einen Export mit float32- oder float16-Ausgängen nehmen.',
  'The settings in {{a}} cannot be used, because {{b}}; correct or delete the file.':
    'Die Einstellungen in {{a}} sind nicht zu gebrauchen, denn {{b}}; die Datei berichtigen oder löschen.',
  'This command uses no endpoints; use "auto" or "local".':
    'Dieser Befehl benutzt keine Endpunkte; „Auto“ oder „Hier“ wählen.',
  'The {{a}} stage cannot run remotely: {{b}} Use "auto" or "local".':
    'Der Schritt {{a}} kann nicht auf einem Endpunkt laufen: {{b}} „Auto“ oder „Hier“ wählen.',
  'The {{a}} stage cannot run on an endpoint, because {{b}}; name one with --{{c}}-endpoint, or list and allow one in {{d}}.':
    'Der Schritt {{a}} kann nicht auf einem Endpunkt laufen, denn {{b}}; einen mit --{{c}}-endpoint nennen, oder in {{d}} einen eintragen und erlauben.',
  'Packed latents can be decoded only with the height and the width of the picture; give both.':
    'Gepackte Latents lassen sich nur mit Höhe und Breite des Bildes dekodieren; beides angeben.',
  'The data for the endpoint holds {{a}}, so nothing was sent; start again from the picture.':
    'Die Daten für den Endpunkt enthalten {{a}}, also wurde nichts gesendet; vom Bild aus neu beginnen.',
  'The setting "{{a}}" is not usable: {{b}}.': 'Die Einstellung „{{a}}“ ist nicht zu gebrauchen: {{b}}.',
  'This model was distilled for the lcm scheduler and cannot use {{a}}; choose lcm.':
    'Dieses Modell wurde für den Scheduler lcm destilliert und kann {{a}} nicht benutzen; lcm wählen.',
  'The lcm scheduler can do at most {{a}} steps with this model; ask for fewer steps.':
    'Der Scheduler lcm kann mit diesem Modell höchstens {{a}} Schritte; weniger Schritte verlangen.',
  'This scheduler cannot do {{a}} steps with this model; ask for fewer than {{b}}.':
    'Dieser Scheduler kann mit diesem Modell keine {{a}} Schritte; weniger als {{b}} verlangen.',
  'This scheduler cannot work with a model that predicts "{{a}}"; choose another scheduler or model.':
    'Dieser Scheduler kann nicht mit einem Modell arbeiten, das „{{a}}“ vorhersagt; einen anderen Scheduler oder ein anderes Modell wählen.',
  "The model's scheduler_config.json is not valid JSON; download it again.":
    'Die scheduler_config.json des Modells ist kein gültiges JSON; noch einmal herunterladen.',
  'The model\'s scheduler_config.json has a value for "{{a}}" that Underpaint does not know; choose another model.':
    'Die scheduler_config.json des Modells hat für „{{a}}“ einen Wert, den Underpaint nicht kennt; ein anderes Modell wählen.',
  'This model uses flow matching, which the {{a}} scheduler cannot do; choose the scheduler {{b}}, or none.':
    'Dieses Modell arbeitet mit Flow Matching, was der Scheduler {{a}} nicht kann; den Scheduler {{b}} wählen oder keinen.',
  'The scheduler {{a}} works only with flow matching models such as Flux; choose another scheduler, or none.':
    'Der Scheduler {{a}} geht nur mit Flow-Matching-Modellen wie Flux; einen anderen Scheduler wählen oder keinen.',
  'The model\'s scheduler "{{a}}" is not supported; choose one of the schedulers in the list.':
    'Der Scheduler „{{a}}“ des Modells wird nicht unterstützt; einen aus der Liste wählen.',
  "The model's scheduler_config.json asks for {{a}} sigmas at once; set only one of them.":
    'Die scheduler_config.json des Modells verlangt {{a}} Arten von Sigmas zugleich; nur eine davon setzen.',
  'This model wants UniPC in its noise form (predict_x0 false), which Underpaint cannot do; choose another scheduler.':
    'Dieses Modell will UniPC in der Rauschform (predict_x0 false), die Underpaint nicht kann; einen anderen Scheduler wählen.',
  "The model's VAE encoder makes {{a}} channels where {{b}} or {{c}} are expected; use the VAE that belongs to this model.":
    'Der VAE-Encoder des Modells liefert {{a}} Kanäle statt {{b}} oder {{c}}; die VAE nehmen, die zu diesem Modell gehört.',
  'This model was exported for one size and works only at {{a}}, not at {{b}}x{{c}}; choose the working size {{d}} (--size {{e}}).':
    'Dieses Modell wurde für eine Größe exportiert und geht nur mit {{a}}, nicht mit {{b}}x{{c}}; die Arbeitsgröße {{d}} wählen (--size {{e}}).',
  "The tokenizer file {{a}} cannot be read ({{b}}); check the model folder's permissions.":
    'Die Tokenizer-Datei {{a}} ist nicht lesbar ({{b}}); die Rechte des Modellordners prüfen.',
  "The model's tokenizer is incomplete: {{a}} has no {{b}}; download the model again or choose another one.":
    'Der Tokenizer des Modells ist unvollständig: {{a}} hat kein {{b}}; das Modell noch einmal herunterladen oder ein anderes wählen.',
  'The tokenizer file {{a}} cannot be used: {{b}}; download the model again or choose another one.':
    'Die Tokenizer-Datei {{a}} ist nicht zu gebrauchen: {{b}}; das Modell noch einmal herunterladen oder ein anderes wählen.',
  'The work was cancelled.': 'Die Arbeit wurde abgebrochen.',
  'Only a job that was interrupted, failed or cancelled can go on; this one needs no help.':
    'Nur was unterbrochen, misslungen oder abgebrochen ist, kann weitergehen; hier ist nichts zu tun.',
  'A job that waits or runs cannot be discarded; cancel it first.':
    'Was wartet oder läuft, lässt sich nicht verwerfen; zuerst abbrechen.',
  'This job is not known any more; start it again.': 'Dieser Auftrag ist nicht mehr bekannt; neu beginnen.',
  'This live picture is not there any more; keep the one that is shown now.':
    'Dieses Livebild ist nicht mehr da; das behalten, das jetzt zu sehen ist.',
  'A newer live picture is wanted.': 'Ein neueres Livebild ist verlangt.',
  'Underpaint cannot paint because no Node.js was found to run its engine; set UNDERPAINT_NODE to a Node.js 20 or newer.':
    'Underpaint kann nicht malen, weil sich kein Node.js für den malenden Prozess fand; UNDERPAINT_NODE auf ein Node.js 20 oder neuer setzen.',
  'There is a style “{{a}}” already; choose another name.':
    'Einen Stil „{{a}}“ gibt es schon; einen anderen Namen wählen.',
  'There are {{a}} styles already; remove one first.': 'Es gibt schon {{a}} Stile; zuerst einen entfernen.',
  'The window sent a request that makes no sense ({{a}}); try again.':
    'Das Fenster hat etwas verlangt, das keinen Sinn ergibt ({{a}}); noch einmal versuchen.',
  'A LoRA has to lie in the app folder for LoRAs; put its file there first.':
    'Ein LoRA muss im LoRA-Ordner der App liegen; die Datei zuerst dorthin legen.',
  "The window works with the model's own autoencoder; another one can be given on the command line (--vae).":
    'Das Fenster arbeitet mit dem eigenen Autoencoder des Modells; ein anderer geht auf der Kommandozeile (--vae).',
  'That folder is full of such names; choose another one, or another name.':
    'Jener Ordner ist voll von solchen Namen; einen anderen oder einen anderen Namen wählen.',
  'The {{a}} could not be saved as {{b}} because that folder cannot be written; choose another folder.':
    '{{a}} konnte nicht als {{b}} gesichert werden, weil dort nicht geschrieben werden darf; einen anderen Ordner wählen.',
  '“{{a}}” could not be read; check that it still exists and that you may open it.':
    '„{{a}}“ war nicht lesbar; prüfen, ob die Datei noch da ist und geöffnet werden darf.',
  '“{{a}}” is not a picture file; choose a picture.': '„{{a}}“ ist keine Bilddatei; ein Bild wählen.',
  '“{{a}}” is larger than 1 GB, which is too much for one picture; make it smaller first.':
    '„{{a}}“ ist größer als 1 GB, zu viel für ein Bild; zuerst verkleinern.',
  '"{{a}}" cannot be read; choose a file of latents that this account may read.':
    '„{{a}}“ ist nicht lesbar; eine Datei mit Latents wählen, die dieses Konto lesen darf.',
  'The LoRA {{a}} does not fit the model {{b}} ({{c}}); choose a LoRA that was made for {{d}} models of this size.':
    'Das LoRA {{a}} passt nicht zum Modell {{b}} ({{c}}); ein LoRA wählen, das für Modelle von {{d}} in dieser Größe gemacht ist.',
  'The LoRA {{a}} was made for {{b}}, but the model {{c}} is {{d}} ({{e}}); choose a LoRA for {{f}}, or another model.':
    'Das LoRA {{a}} wurde für {{b}} gemacht, aber das Modell {{c}} ist {{d}} ({{e}}); ein LoRA für {{f}} wählen, oder ein anderes Modell.',
  'There is not enough memory to run {{a}}; close other programs, choose a smaller size, or switch tiling on.':
    'Der Speicher reicht nicht, um {{a}} auszuführen; andere Programme schließen, eine kleinere Größe wählen oder Kacheln einschalten.',
  '{{a}} has bfloat16 or float8 inputs or outputs, which cannot be used here; use a float32 or float16 export of this model.':
    '{{a}} hat Ein- oder Ausgänge in bfloat16 oder float8, die hier nicht zu gebrauchen sind; einen Export in float32 oder float16 nehmen.',
  "{{a}} was fused for NVIDIA's CUDA provider and contains operators that nothing here can run; use an unfused export of this model.":
    '{{a}} wurde für NVIDIAs CUDA zusammengefasst und enthält Operatoren, die hier nicht laufen; einen nicht zusammengefassten Export nehmen.',
  'The weights that belong to {{a}} are missing or incomplete; download the whole model folder again, with every file beside {{b}}.':
    'Die Gewichte zu {{a}} fehlen oder sind unvollständig; den ganzen Modellordner noch einmal herunterladen, mit jeder Datei neben {{b}}.',
  '{{a}} is missing or cannot be read; download the model again.':
    '{{a}} fehlt oder ist nicht lesbar; das Modell noch einmal herunterladen.',
  '{{a}} is not a valid ONNX model; the file may be cut off, so download the model again.':
    '{{a}} ist kein gültiges ONNX-Modell; die Datei ist wohl abgeschnitten, also das Modell noch einmal herunterladen.',
  'Strength {{a}} with {{b}} step runs no step ({{d}} × {{e}} is less than 1), so nothing would change; raise the strength to at least {{f}}, or take at least {{g}} steps.':
    'Stärke {{a}} mit {{b}} Schritt führt keinen aus ({{d}} × {{e}} ist weniger als 1), also änderte sich nichts; die Stärke auf mindestens {{f}} erhöhen oder mindestens {{g}} Schritte nehmen.',
  'Strength {{a}} with {{b}} steps runs no step ({{d}} × {{e}} is less than 1), so nothing would change; raise the strength to at least {{f}}, or take at least {{g}} steps.':
    'Stärke {{a}} mit {{b}} Schritten führt keinen aus ({{d}} × {{e}} ist weniger als 1), also änderte sich nichts; die Stärke auf mindestens {{f}} erhöhen oder mindestens {{g}} Schritte nehmen.',
  'Nothing may be sent, because the offline switch is on.':
    'Nichts darf gesendet werden, weil „Offline“ eingeschaltet ist.',
  'Nothing may be sent, because --offline was given.':
    'Nichts darf gesendet werden, weil --offline verlangt wurde.',
  '{{a}} has not been allowed to receive the {{b}}; allow it first.':
    '{{a}} hat noch keine Erlaubnis für das, was gesendet würde ({{b}}); zuerst erlauben.',
  'LoRAs are applied only on this machine, so nothing was sent to an endpoint; leave them out.':
    'LoRAs wirken nur auf diesem Rechner, also wurde nichts an einen Endpunkt gesendet; weglassen.',
  'Masks and inpainting models work only on this machine, so nothing was sent to an endpoint; leave the mask out, or let this machine generate.':
    'Masken und Inpainting-Modelle gehen nur auf diesem Rechner, also wurde nichts an einen Endpunkt gesendet; die Maske weglassen oder diesen Rechner erzeugen lassen.',
  "The endpoint {{a}} answered with {{b}}, which cannot be used; check that it serves this model's family.":
    'Der Endpunkt {{a}} antwortete mit {{b}}, was nicht zu gebrauchen ist; prüfen, ob er Modelle dieser Art bedient.',
  'The endpoint {{a}} takes pictures of at most {{b}} px per side, not {{c}} × {{d}}; work at a smaller size.':
    'Der Endpunkt {{a}} nimmt Bilder von höchstens {{b}} px je Seite, nicht {{c}} × {{d}}; in einer kleineren Größe arbeiten.',
  // What an endpoint did, and what helps: halves of sentences.
  'The endpoint {{a}} refused the request (400)': 'Der Endpunkt {{a}} hat die Anfrage abgelehnt (400)',
  'The endpoint {{a}} refused the request (400): "{{q}}"':
    'Der Endpunkt {{a}} hat die Anfrage abgelehnt (400): „{{q}}“',
  'The endpoint {{a}} wants a token or refused the one it got (401)':
    'Der Endpunkt {{a}} will ein Token oder hat seines abgelehnt (401)',
  'The endpoint {{a}} wants a token or refused the one it got (401): "{{q}}"':
    'Der Endpunkt {{a}} will ein Token oder hat seines abgelehnt (401): „{{q}}“',
  'The endpoint {{a}} does not let this token in (403)':
    'Der Endpunkt {{a}} lässt dieses Token nicht ein (403)',
  'The endpoint {{a}} does not let this token in (403): "{{q}}"':
    'Der Endpunkt {{a}} lässt dieses Token nicht ein (403): „{{q}}“',
  'The endpoint {{a}} does not exist or does not serve this stage (404)':
    'Der Endpunkt {{a}} ist nicht vorhanden oder bedient diesen Schritt nicht (404)',
  'The endpoint {{a}} does not exist or does not serve this stage (404): "{{q}}"':
    'Der Endpunkt {{a}} ist nicht vorhanden oder bedient diesen Schritt nicht (404): „{{q}}“',
  'The endpoint {{a}} takes no data of this size (413)':
    'Der Endpunkt {{a}} nimmt keine Daten dieser Größe (413)',
  'The endpoint {{a}} takes no data of this size (413): "{{q}}"':
    'Der Endpunkt {{a}} nimmt keine Daten dieser Größe (413): „{{q}}“',
  'The endpoint {{a}} gets too many requests (429)': 'Der Endpunkt {{a}} bekommt zu viele Anfragen (429)',
  'The endpoint {{a}} gets too many requests (429): "{{q}}"':
    'Der Endpunkt {{a}} bekommt zu viele Anfragen (429): „{{q}}“',
  'The endpoint {{a}} cannot be reached behind its gateway (502)':
    'Der Endpunkt {{a}} ist hinter seinem Gateway nicht zu erreichen (502)',
  'The endpoint {{a}} cannot be reached behind its gateway (502): "{{q}}"':
    'Der Endpunkt {{a}} ist hinter seinem Gateway nicht zu erreichen (502): „{{q}}“',
  'The endpoint {{a}} is not ready or busy (503)':
    'Der Endpunkt {{a}} ist nicht bereit oder beschäftigt (503)',
  'The endpoint {{a}} is not ready or busy (503): "{{q}}"':
    'Der Endpunkt {{a}} ist nicht bereit oder beschäftigt (503): „{{q}}“',
  'The endpoint {{a}} did not answer its gateway in time (504)':
    'Der Endpunkt {{a}} hat seinem Gateway nicht rechtzeitig geantwortet (504)',
  'The endpoint {{a}} did not answer its gateway in time (504): "{{q}}"':
    'Der Endpunkt {{a}} hat seinem Gateway nicht rechtzeitig geantwortet (504): „{{q}}“',
  'The endpoint {{a}} failed (HTTP {{b}})': 'Der Endpunkt {{a}} ist gescheitert (HTTP {{b}})',
  'The endpoint {{a}} failed (HTTP {{b}}): "{{q}}"':
    'Der Endpunkt {{a}} ist gescheitert (HTTP {{b}}): „{{q}}“',
  'The endpoint {{a}} points to another address ({{b}}), which is not followed because that one was not allowed':
    'Der Endpunkt {{a}} verweist auf eine andere Adresse ({{b}}), der nicht gefolgt wird, weil sie nicht erlaubt wurde',
  'The endpoint {{a}} does not accept connections': 'Der Endpunkt {{a}} nimmt keine Verbindungen an',
  'The endpoint {{a}} is unknown to the network': 'Der Endpunkt {{a}} ist im Netz unbekannt',
  'The endpoint {{a}} cannot be looked up': 'Der Endpunkt {{a}} lässt sich nicht nachschlagen',
  'The endpoint {{a}} broke the connection': 'Der Endpunkt {{a}} hat die Verbindung abgebrochen',
  'The endpoint {{a}} cannot be reached': 'Der Endpunkt {{a}} ist nicht zu erreichen',
  'The endpoint {{a}} did not answer in time': 'Der Endpunkt {{a}} hat nicht rechtzeitig geantwortet',
  'The endpoint {{a}} did not accept a connection in time':
    'Der Endpunkt {{a}} hat nicht rechtzeitig eine Verbindung angenommen',
  'The endpoint {{a}} stopped in the middle of its answer':
    'Der Endpunkt {{a}} hat mitten in der Antwort aufgehört',
  'The endpoint {{a}} sent another number of bytes than it announced':
    'Der Endpunkt {{a}} hat eine andere Zahl von Bytes gesendet als angekündigt',
  'The endpoint {{a}} sent more than it should': 'Der Endpunkt {{a}} hat mehr gerendet, als er soll',
  'The endpoint {{a}} failed': 'Der Endpunkt {{a}} ist gescheitert',
  'The endpoint {{a}} failed ({{b}})': 'Der Endpunkt {{a}} ist gescheitert ({{b}})',
  'The endpoint {{a}} has no trustworthy certificate ({{b}})':
    'Der Endpunkt {{a}} hat kein vertrauenswürdiges Zertifikat ({{b}})',
  'The endpoint {{a}} did not finish in time': 'Der Endpunkt {{a}} wurde nicht rechtzeitig fertig',
  'The endpoint {{a}} answered with {{b}}, which cannot be used':
    'Der Endpunkt {{a}} antwortete mit {{b}}, was nicht zu gebrauchen ist',
  'The endpoint {{a}} answered with something that is not HTTP':
    'Der Endpunkt {{a}} antwortete mit etwas, das kein HTTP ist',
  'check that it serves this model and this size.': 'prüfen, ob er dieses Modell und diese Größe bedient.',
  'give it the right token.': 'ihm das richtige Token geben.',
  'give it another token.': 'ihm ein anderes Token geben.',
  'check its address.': 'seine Adresse prüfen.',
  'work at a smaller size.': 'in einer kleineren Größe arbeiten.',
  'try again later.': 'später noch einmal versuchen.',
  'try again in a few minutes.': 'in einigen Minuten noch einmal versuchen.',
  'use the new address.': 'die neue Adresse nehmen.',
  'try again later or use another one.': 'später noch einmal versuchen oder einen anderen nehmen.',
  'check that it is running and that its address is right.': 'prüfen, ob er läuft und die Adresse stimmt.',
  'check its address and the connection.': 'seine Adresse und die Verbindung prüfen.',
  'check the connection.': 'die Verbindung prüfen.',
  'try again, or see what it logged.': 'noch einmal versuchen oder sein Protokoll ansehen.',
  'try again.': 'noch einmal versuchen.',
  'try again later or work at a smaller size.':
    'später noch einmal versuchen oder in einer kleineren Größe arbeiten.',
  "check that it serves this model's family.": 'prüfen, ob er Modelle dieser Art bedient.',
};
