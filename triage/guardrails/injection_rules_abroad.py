"""The same orders in other languages: overriding, extraction, roles, false approval, other people's data.

Folded text has no accents, so patterns have none either.
"""

from triage.guardrails.patterns import Rule, rule

_WHY = {
    "override": "tells the reader to drop its instructions",
    "prompt_extraction": "asks for the hidden instructions",
    "persona": "gives the machine a new role",
    "addresses_machine": "is addressed to a machine",
    "false_authority": "claims that the message is an approval",
    "exfiltration": "asks for other people's data",
    "no_human": "wants people kept out",
    "secret_extraction": "asks for the machine's secret",
}


def _abroad(name: str, weight: float, pattern: str, needs: str, within: str = "") -> Rule:
    return rule(name, weight, _WHY[name], pattern, needs=needs, within=within)


OVERRIDES = [
    # German
    _abroad(
        "override",
        0.9,
        r"\b(ignorier\w*|vergiss|vergessen sie|missachte\w*|ubergeh\w*|verwirf|umgehe)~\b(alle|vorherig\w*|bisherig\w*|fruher\w*|obig\w*|deine|ihre|eure|dein|die|was)\b~(anweisung\w*|regeln|vorgaben|richtlinien|befehle|instruktion\w*|anleitung\w*|prompt|gesagt|funktion)",
        "ignorier|vergiss|vergessen|missacht|ubergeh|verwirf|umgehe",
        r"\bmeine (\w+ )?(anweisung|nachricht|mail)",
    ),
    _abroad(
        "override",
        0.8,
        r"\b(anweisungen|regeln|vorgaben|richtlinien)~\b(gelten nicht|ungultig|aufgehoben|ausser kraft|nicht mehr)",
        "anweisungen|regeln|vorgaben|richtlinien",
    ),
    # French
    _abroad(
        "override",
        0.9,
        r"\b(ignor(e|ez|er)|oubli(e|ez|er)|neglig(e|ez)|ne (tiens|tenez) (pas|aucun) compte)~\b(toutes?|tous|tes|vos|les|ces|des|tout|la)\b~(instructions?|consignes?|regles?|directives?|precedent\w*|qu'on t'a dit|qu'on vous a dit|qui (t'a|vous a) ete dit|fonction)",
        "ignor|oubli|neglig|compte",
        r"\b(ma|mon|mes) (\w+ )?(demande|message|mail|instruction|courriel)",
    ),
    # Spanish, Portuguese, Italian
    _abroad(
        "override",
        0.9,
        r"\b(ignor(a|e|en|ar)|olvida(te)?|olvide|desestim(a|e)|descart(a|e)|omit(e|a)|no hagas caso|haz caso omiso|hagan caso omiso)~\b(todas?|todos|tus|sus|las|los|de|esas|todo|la)\b~(instruccion\w*|reglas?|ordenes|indicaciones|directrices|lo anterior|te han dicho|te dij\w*|funcion)",
        "ignor|olvid|desestim|descart|omit|caso",
        r"\b(mi|mis) (\w+ )?(instruccion|mensaje|correo|peticion|solicitud)",
    ),
    _abroad(
        "override",
        0.9,
        r"\b(ignor(e|a|ar|em)|esquec(a|e|am)|desconsider(e|a)|desrespeit(e|a))~\b(todas?|todos|suas|tuas|as|os|tudo|o)\b~(instrucoes|instrucao|regras|ordens|diretrizes|orientacoes|anteriores|foi dito|te disseram|curriculo)",
        "ignor|esquec|desconsider|desrespeit",
        r"\b(meu|minha|minhas) (\w+ )?(instruc|mensagem|email|pedido)",
    ),
    _abroad(
        "override",
        0.9,
        r"\b(ignor(a|are|ate|i)|dimentic(a|are|ate|hi)|trascur(a|are|ate)|scord(a|ati)|non (seguire|considerare))~\b(tutt[eio]|le|gli|ogni|tue|vostre|cio|quelle|la|il)\b~(istruzion[ei]|regol[ae]|indicazioni|direttive|ordini|precedenti|detto|comandi|documento|funzione)",
        "ignor|dimentic|trascur|scord|non seguire|non considerare",
        r"\b(mia|mio|miei|mie) (\w+ )?(istruzion|messaggi|mail|richiest)",
    ),
    # Dutch
    _abroad(
        "override",
        0.9,
        r"\b(negeer|vergeet|sla|laat|overschrijf)~\b(alle|vorige|eerdere|bovenstaande|je|jouw|uw|de|voorgaande|wat)\b~(instructies?|regels|opdrachten|richtlijnen|aanwijzingen|prompt|verteld)",
        "negeer|vergeet|overschrijf|laat",
        r"\bmijn (\w+ )?(instructie|bericht|mail|opdracht|vraag)",
    ),
    # Polish, Czech, Turkish, Indonesian, Vietnamese, Tagalog, Swedish, Finnish, Hungarian
    _abroad(
        "override",
        0.9,
        r"\b(zignoruj|ignoruj|zapomnij o)\w*~(instrukcj\w*|polecen\w*|zasad\w*|regul\w*|instrukce|pokyn\w*)|\bzapomen\w*~pokyn\w*",
        "ignoruj|zapomnij|zapomen",
    ),
    _abroad(
        "override",
        0.9,
        r"(talimat|kural|komut|soylenen)\w*~(yok say|gormezden gel|unut)\w*|fonksiyonu yok say",
        "yok say|gormezden|unut",
    ),
    _abroad(
        "override",
        0.9,
        r"\b(abaikan|lupakan)~(instruksi|perintah|aturan|petunjuk)|\b(kalimutan|balewalain|huwag pansinin)~(tagubilin|utos|panuntunan|instruksyon)",
        "abaikan|lupakan|kalimutan|balewalain|huwag",
    ),
    _abroad(
        "override", 0.9, r"\b(bo qua|hay quen|quen (di|tat ca)|phot lo)~(huong dan|chi dan|quy tac|lenh)", "bo qua|quen|phot lo"
    ),
    _abroad(
        "override",
        0.9,
        r"\b(ignorera|glom|bortse fran)~(instruktion\w*|regler|anvisning\w*)|\b(unohda|ohita|jata huomiotta)~(ohje\w*|saannot|maaray\w*)|\b(hagyd figyelmen kivul|felejtsd el)~(utasitas\w*|szabaly\w*)|(utasitas\w*|szabaly\w*)~(figyelmen kivul|felejts)|\b(ignoreaza|uita)~(instructiun\w*|reguli\w*)",
        "ignorera|glom|bortse|unohda|ohita|jata|figyelmen|felejts|ignoreaza|uita",
    ),
    # Russian, Ukrainian, Bulgarian
    _abroad(
        "override",
        0.9,
        r"(игнорируй\w*|проигнорируй\w*|забуд\w*|не обращай\w* внимания|ігноруй\w*|пренебрегни\w*)~(инструкц\w*|указани\w*|правил\w*|команд\w*|что тебе|что вам|говорили|інструкц\w*|вказівк\w*)",
        "игнорир|забуд|внимания|ігноруй|пренебрегни",
        r"мо(е|ё|и|ю) (сообщ|письм|прошл)",
    ),
    # Scripts without word gaps and others
    _abroad(
        "override",
        0.9,
        r"(忽略|无视|無視|忘记|忘掉|忽視|不要理会|忘記)[^。!?\n]{0,14}(指令|指示|说明|說明|规则|規則|提示|要求|网页|网站|上文|前面|上述|简历|函数|所有|一切)",
        "忽略|无视|無視|忘|忽視|不要理会",
    ),
    _abroad(
        "override",
        0.9,
        r"(指示|命令|ルール|規則|プロンプト|指令)[^。!?\n]{0,14}(無視|忘れ|従わない)|すべて忘れ",
        "無視|忘れ|従わない",
    ),
    _abroad("override", 0.9, r"(지시|명령|규칙|지침|안내|말한)[^.!?\n]{0,14}(무시|잊어|잊으|잊고)", "무시|잊"),
    _abroad(
        "override",
        0.9,
        r"(تجاهل|انس|تغاض|اهمل|أهمل)\w*[^.!?\n]{0,30}(تعليمات|الاوامر|الأوامر|قواعد|القواعد|تعليماتك|السابق|التوجيهات)",
        "تجاهل|انس|تغاض|اهمل|أهمل",
    ),
    _abroad(
        "override",
        0.9,
        r"(निर्देश|आदेश|नियम|बताया)[^.!?।\n]{0,34}(अनदेखा|नज़रअंदाज़|भूल|उपेक्षा)|(অনুচ্ছেদ|নির্দেশ|নির্দেশাবলী|নিয়ম|বলা|ওয়েবপেজ)[^.!?।\n]{0,34}(উপেক্ষা|ভুলে)|(คำสั่ง|คำแนะนำ|กฎ)[^\n]{0,20}(เพิกเฉย|ละเว้น|ลืม)|(เพิกเฉย|ละเว้น|ลืม|ไม่ต้องสนใจ)[^\n]{0,20}(คำสั่ง|คำแนะนำ|กฎ)",
        "अनदेखा|नज़रअंदाज़|भूल|उपेक्षा|উপেক্ষা|ভুলে|เพิกเฉย|ละเว้น|ลืม|ไม่ต้องสนใจ",
    ),
]

OTHERS = [
    _abroad(
        "prompt_extraction",
        0.85,
        r"\b(zeig\w*|nenn\w*|verrat\w*|gib|geben sie|wiederhol\w*|druck\w*|poste|schick\w*|sag\w*)~\b(system-?(prompt|anweisung\w*|nachricht)|(intern\w*|geheim\w*|versteckt\w*|ursprunglich\w*) (anweisung\w*|regeln|vorgaben|prompt|notizen|instruktion\w*))",
        "system|intern|geheim|versteckt|ursprunglich",
    ),
    _abroad(
        "prompt_extraction",
        0.85,
        r"\b(montr\w*|affich\w*|revel\w*|donn\w*|repet\w*|partag\w*|envo\w*|recopi\w*)~\b(prompt (systeme|initial)|invite systeme|(instructions?|consignes?|regles|notes) (systeme|internes?|cachees?|secretes?|initiales?))",
        "prompt|systeme|intern|cache|secret|initial",
    ),
    _abroad(
        "prompt_extraction",
        0.85,
        r"\b(muestra\w*|ensena\w*|revela\w*|dime|repite|imprime|da(me)?|comparte|mostra\w*|diga|repita|mostre|imprima|revele)~\b(prompt (del sistema|inicial|do sistema)|(instrucciones|instrucoes|reglas|regras|notas) (del sistema|do sistema|internas|ocultas|secretas|iniciales|iniciais))",
        "prompt|sistema|intern|ocult|secret|inicia",
    ),
    _abroad(
        "prompt_extraction",
        0.85,
        r"\b(mostra\w*|rivela\w*|stampa\w*|ripeti\w*|dammi|condividi|toon|laat|geef|herhaal|onthul|print|deel)~\b(prompt (di sistema|iniziale)|istruzioni (di sistema|interne|segrete|nascoste|iniziali)|note interne|systeem-?(prompt|instructies)|(interne|geheime|verborgen|oorspronkelijke) (instructies|regels|notities|opdracht))",
        "prompt|sistem|intern|segret|nascost|inizial|systeem|geheim|verborgen|oorspronkelijk",
    ),
    _abroad(
        "prompt_extraction",
        0.85,
        r"(покажи|раскрой|повтори|выведи|напиши)\w*~(системн\w*|скрыт\w*|начальн\w*|внутренн\w*) (промпт|инструкц|подсказк|указани)\w*|(显示|输出|告诉我|重复|透露)[^。\n]{0,10}(系统提示|系统指令|初始提示|内部指令)|(システムプロンプト|内部指示|初期プロンプト)[^。\n]{0,10}(表示|教え|出力|見せ)",
        "системн|скрыт|начальн|внутренн|系统|初始|内部|システム|初期",
    ),
    _abroad(
        "secret_extraction",
        0.7,
        r"\b(geheimer? schlussel|cle secrete|clave secreta|chave secreta|chiave segreta|geheime sleutel|tajny klucz|gizli anahtar\w*)\b|секретн\w+ ключ|秘密钥|密钥是什么|秘密の鍵|비밀 키|المفتاح السري|مفتاحك السري|गुप्त कुंजी|গোপন চাবি",
        "schlussel|secret|segreta|sleutel|klucz|anahtar|секретн|钥|鍵|키|مفتاح|कुंजी|চাবি",
    ),
    _abroad(
        "persona",
        0.6,
        r"\b(du bist (jetzt|nun|ab sofort)|tu es (maintenant|desormais)|vous etes (maintenant|desormais)|ahora eres|a partir de ahora eres|agora voce e|adesso sei|ora sei|sei ora|je bent (nu|vanaf nu))~\b(ein\w*|une?|un|uma?|een|dan|der|il|la|le|el|de|o|bot|ki|ia)\b|(你现在是|现在你是|あなたは今|너는 이제|теперь ты)",
        "du bist|tu es|vous etes|eres|voce e|sei|je bent|现在|あなたは今|너는 이제|теперь ты",
    ),
    _abroad(
        "persona",
        0.8,
        r"\bdan\b~\b(do anything now|fare qualsiasi|haz cualquier|faire n'importe|alles tun)|(haz cualquier cosa ahora|do anything now)|\bdan\b[^\n]{0,80}\b(ai|ia|ki)\b|名为dan|一个dan|\bmodelong? [^\n]{0,20}\bdan\b",
        "dan|do anything|cualquier",
    ),
    _abroad(
        "addresses_machine",
        0.55,
        r"\b(an (den|die|das) (bot|ki|assistent\w*|sprachmodell)|(note|message) (pour|a) l'(ia|assistant)|(nota|mensaje|mensagem|messaggio) (para|per|a) (la|el|o|a|l')? ?(ia|asistente|assistente|bot)|aan (de|het) (bot|ai|assistent|taalmodel)|hinweis (fur|an) (die|den) (ki|bot|assistent\w*))\b",
        "bot|ki|assist|asist|sprachmodell|ia|taalmodel",
    ),
    _abroad(
        "false_authority",
        0.75,
        r"\b(diese (nachricht|mail) (gilt|zahlt) als (genehmigung|freigabe)|(ce|cet|cette) (message|mail|courriel)~vaut (approbation|accord|autorisation)|este (mensaje|correo)~(cuenta|vale) como (aprobacion|autorizacion)|esta mensagem~(conta|vale) como (aprovacao|autorizacao)|questo messaggio~vale come (approvazione|autorizzazione)|dit bericht~(geldt|telt) als (goedkeuring|akkoord))",
        "gilt|zahlt|vaut|cuenta|vale|conta|geldt|telt",
    ),
    _abroad(
        "false_authority",
        0.5,
        r"\b(bestatig\w*|buch\w*|erstatt\w*|uberweis\w*)~(sofort|umgehend|direkt)~\b(gutschrift|ruckerstattung|erstattung|betrag)\b~\bohne (ruckfrage|prufung|freigabe|genehmigung)|\bohne (menschliche )?(prufung|freigabe|genehmigung)|\bsans (validation|verification|approbation) (humaine|manuelle)|\bsin (revision|aprobacion) (humana|manual)|\bsenza (revisione|approvazione) (umana|manuale)|\bzonder (menselijke )?(controle|goedkeuring)|\bsem (revisao|aprovacao) (humana|manual)",
        "ohne|sans|sin|senza|zonder|sem",
    ),
    _abroad(
        "exfiltration",
        0.7,
        r"\b(schick\w*|send\w*|zeig\w*|list\w*|nenn\w*|gib)~\b(alle|andere[rn]?|aller|anderen) (kunden|nutzer|tickets|kundendaten)|\b(envoi\w*|montr\w*|donn\w*|list\w*)~\b((autres?|tous les|toutes les) (clients?|tickets?|utilisateurs?))|\b(envia\w*|muestra\w*|da(me)?|lista\w*|mostra\w*|mande|envie)~\b((otros|todos los|outros|todos os) (clientes|usuarios|tickets|chamados))|\b(invia\w*|mostra\w*|elenca\w*|dammi)~\b((altri|tutti i|degli altri) (clienti|utenti|ticket))|\b(stuur|toon|geef|lijst)~\b((andere|alle) (klanten|gebruikers|tickets))|daftar (pengguna|pelanggan)|listahan ng (mga )?(gumagamit|kustomer)|listado de (usuarios|clientes)|lista de (usuarios|clientes|dados)",
        "kunden|nutzer|ticket|client|utilisateur|usuario|chamado|utenti|klanten|gebruikers|pengguna|pelanggan|gumagamit|kustomer",
        r"\b(meine|mes|mis|minhas|miei|mijn) (alle |anderen |autres |otros )?ticket",
    ),
    _abroad(
        "no_human",
        0.6,
        r"\b(keinen? menschen|kein mitarbeiter)~(einbezieh|einschalt|weiterleit|zeigen|vorlegen)\w*|\b(nicht|niemals) an (einen|eine) (menschen|mitarbeiter|person)~|\bne (transmets|transmettez|transfere\w*|montre\w*)~(humain|agent|conseiller|personne)|\bno (escales|transfieras|pases|muestres)~(humano|persona|agente)|\bnon (inoltrare|passare|mostrare)~(umano|persona|operatore)|\b(geen|niet)~(mens|medewerker) (inschakelen|doorsturen|laten zien)|\bnao (escale|transfira|mostre|encaminhe)~(humano|pessoa|atendente)",
        "mensch|mitarbeiter|humain|conseiller|humano|persona|agente|umano|operatore|mens|medewerker|pessoa|atendente",
    ),
]
