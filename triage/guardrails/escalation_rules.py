"""How matters are worded that always go to a person, in en, de, fr, es, nl, it, pt; folded text has no accents."""

from triage.guardrails.patterns import Rule, rule


def _matter(kind: str, why: str, pattern: str, needs: str, unless: str = "") -> Rule:
    return rule(kind, 1.0, why, pattern, kind=kind, needs=needs, unless=unless)


_LAW = "threatens with the law"
_BANK = "threatens with or speaks of a chargeback"
_DATA = "exercises a right over personal data"
_HARM = "speaks of harming themselves"
_VIOLENCE = "threatens people"
_BREACH = "reports a security incident"
_DANGER = "reports a danger to people or property"
_PRESS = "speaks of the press"
_HUMAN = "asks for a person"

_NO_THREAT = r"\b(friend|husband|wife|brother|sister|colleague|neighbou?r|father|mother|son|daughter|partner|am an?|i'm an?|work(s|ing)? as|our office|my office|law firm(s)? (office|kitchen)|for (our|my) law|recommend\w*|for a lawyer|as a lawyer)\b"

RULES = [
    _matter(
        "legal_threat",
        _LAW,
        r"\b((my|our|a|an|the|with) (lawyers?|solicitors?|attorneys?|legal (team|counsel|department|representatives?|advis[eo]rs?))~\b(will|shall|is going|are going|has|have|contact|writ|hear|letter|sue|take|tak|advis|inform|instruct|involv)|(contact|call|hire|instruct|involve|consult|speak(ing)? (to|with)|see|get|hear from|talk(ing)? to|going to|turn(ing)? to|engag(e|ing))~\b(my|our|a|an) (lawyer|solicitor|attorney|legal (team|counsel|advis[eo]r)))",
        "lawyer|solicitor|attorney|legal",
        _NO_THREAT,
    ),
    _matter(
        "legal_threat",
        _LAW,
        r"\b(legal|court) (action|proceedings|steps|claim)\b|\b(sue|suing) (you|your|larkfield|the company|them)\b|\b(small claims|take (you|this|them|the matter) to court|see you in court|file (a )?(law ?suit|claim against)|law ?suit|formal (legal )?notice|letter before action|cease and desist)\b|\btrading standards\b|\b(report|complain|complaint|go|turn|escalate)~\b(consumer (protection|authority|ombudsman|association|rights)|ombudsman|better business bureau|regulator)\b",
        "legal|court|sue|suing|lawsuit|law suit|small claims|notice|before action|cease|trading standards|consumer|ombudsman|bureau|regulator|claim",
        r"\b(legal (name|entity|age|address|notice page)|tennis|food court|pursue\w*)\b",
    ),
    _matter(
        "legal_threat",
        _LAW,
        r"\b(mein(em|en|e|er)?|unser(em|en|e|er)?|ein(em|en)?|zum|beim|den|einer|dem) (rechts)?(anwalt|anwaltin|rechtsbeistand)\b~\b(einschalt|ubergeb|beauftrag|wend|geh|meld|hor|kontaktier|weiterleit|schreib|wird|informier)|\b(rechts)?anwalt(in)? (einschalten|beauftragen|ubergeben|einzuschalten|wird sich)|\brechtliche (schritte|mittel|konsequenzen)|\b(klage|anzeige) (einreichen|erstatten|gegen)|\bverklage|\bvor gericht\b|\bgerichtlich|\bverbraucherzentrale|\bverbraucherschutz|\bstrafanzeige|\bmahnbescheid|\bschlichtungsstelle",
        "anwalt|rechtsbeistand|rechtlich|klage|anzeige|gericht|verbraucher|mahnbescheid|schlichtung",
        r"\b(freund|nachbar|kolleg|empfohlen|ich bin|kanzlei(kuche)?|arbeite als)\w*",
    ),
    _matter(
        "legal_threat",
        _LAW,
        r"\b(mon|notre|un|d'un) avocat\b~\b(va|sera|contact|saisi|prend|ecri|inform|mettr|transm)|\b(saisir|contacter|consulter|faire appel a|prendre|voir avec|transmettre a|confier a)~\b(avocat|tribunal|justice|huissier|mediateur|conciliateur)|\bpoursuites? (judiciaires?|en justice)|\baction en justice|\bmise en demeure|\bporter plainte|\bdepo(ser|se|serai) plainte|\bdgccrf|\bque choisir\b|\bdevant (le tribunal|les tribunaux)|\bvoie judiciaire",
        "avocat|tribunal|justice|huissier|mediateur|conciliateur|poursuite|mise en demeure|plainte|dgccrf|que choisir|judiciaire",
        r"\b(ami|amie|voisin|collegue|je suis|cabinet|recommand|jus d'avocat)\w*",
    ),
    _matter(
        "legal_threat",
        _LAW,
        r"\b(mi|nuestro|un|con|al) abogado\b~\b(va|contact|se pondra|escrib|denunci|demand|inform|enviar)|\b(contactar|hablar|acudir|consultar|poner\w*)~\babogad[oa]|\bacciones (legales|judiciales)|\bmedidas legales|\bdemanda(r|re|remos)?\b(?=[^.!?\n]{0,20}\b(judicial|contra|les|os|a ustedes))|\b(les|os|los) (demandare|denunciare|voy a demandar|voy a denunciar)|\bpresentar (una )?(denuncia|demanda|reclamacion oficial)|\bhoja de reclamaciones|\b(a|ante) (los tribunales|consumo|la omic)\b|\bpor via judicial",
        "abogad|legales|judicial|demand|denunci|reclamacion|tribunales|consumo|omic",
        r"\b(amig|vecin|coleg|soy|bufete|recomend)\w*",
    ),
    _matter(
        "legal_threat",
        _LAW,
        r"\b(mijn|onze|een|de|met) (advocaat|jurist|rechtsbijstand\w*)\b~\b(inschakel|gaat|zal|neemt|contact|schakel|hoor|in de arm)|\b(advocaat|jurist|rechtsbijstand\w*) (inschakelen|in te schakelen)|\b(schakel|inschakel)~\b(advocaat|jurist|rechtsbijstand|incasso)|\bjuridische (stappen|actie|procedure)|\bnaar de (rechter|rechtbank|geschillencommissie|consumentenbond)|\bvoor de rechter\b|\brechtszaak|\baangifte (doen|gedaan|van)|\bin gebreke\b|\bgerechtelijke",
        "advocaat|jurist|rechtsbijstand|juridisch|recht|geschillen|consumentenbond|aangifte|gebreke|gerechtelijk",
        r"\b(vriend|buurman|buurvrouw|collega|ik ben|kantoor|aanbevolen|aangeraden)\w*",
    ),
    _matter(
        "legal_threat",
        _LAW,
        r"\b(il mio|nostro|un|al|dal|con il|all'|mio) ?avvocato\b~\b(contatt|scriver|proceder|agir|far|si mettera|informer|inviar)|\b(contattare|rivolger\w*|consultare|affidar\w*|parlare)~\b(avvocat|legale|giudice)|\b(vie|azioni?|azione) legal[ei]|\badire|\b(vi|li) (denuncio|denuncero|cito in giudizio)|\bsporgere denuncia|\bcausa (legale|civile)|\bfare causa|\bin tribunale|\bmessa in mora|\bassociazione (dei )?consumatori|\bgiudice di pace|\bdiffida\b",
        "avvocat|legal|giudi|denunc|causa|tribunale|mora|consumator|diffida|adire",
        r"\b(amic|vicin|collega|sono un|studio legale|consigliat)\w*",
    ),
    _matter(
        "legal_threat",
        _LAW,
        r"\b(meu|nosso|um|com|ao) advogado\b~\b(vai|contact|entrar|escrever|process|inform)|\b(contactar|contatar|consultar|falar|recorrer|acionar)~\b(advogad|tribunal|justica)|\b(medidas|acoes|acao|providencias) (legais|judicia(l|is)|legal)|\bprocessar (voces|a empresa|a larkfield)|\bvou (vos )?processar|\blivro de reclamacoes|\bapresentar queixa|\bprocon\b|\bdeco proteste|\bem tribunal|\bna justica\b",
        "advogad|tribunal|justica|legais|judicia|acao legal|processar|reclamacoes|queixa|procon|deco",
        r"\b(amig|vizinh|coleg|sou|escritorio|recomend)\w*",
    ),
    _matter(
        "chargeback",
        _BANK,
        r"\bcharge[ -]?backs?\b|\b(dispute|contest|reverse|revers)\w* (the |this |that |your |a )?(\w+ )?(charges?|payments?|transactions?|amount)\b~\b(bank|card|paypal|issuer|klarna|visa|amex)?|\b(bank|card (company|issuer|provider)|credit card|paypal|klarna|amex|visa)\b~\b(dispute|claw (it )?back|reverse the|buyer protection|open a case)|\b(opened?|filed?|raise[d]?|file|open) (a |an )?(paypal )?(dispute|case) (with|at|through) (paypal|klarna|my bank|the bank|my card)",
        "charge|dispute|contest|revers|claw|buyer protection|case",
    ),
    _matter(
        "chargeback",
        _BANK,
        r"\bruckbuchung\w*|\bruckbuchen\b|\bzuruckbuchen\b|\b(zahlung|lastschrift|abbuchung|betrag)~\b(zuruckholen|zuruckgeh|zuruckbuch|widersprech|ruckgangig|reklamier)\w*|\bkauferschutz\b|\b(bank|kreditkarte\w*|paypal)\b~\b(widerspruch|reklamation|kauferschutz)",
        "buch|zuruck|widerspr|ruckgangig|kauferschutz|reklam",
        r"\bihre ruckbuchung ist eingegangen",
    ),
    _matter(
        "chargeback",
        _BANK,
        r"\b(retrofacturation|retro-?facturation|opposition (au|sur le|a ce) (paiement|prelevement|debit)|contest(er|e|ons|erai) (le |ce |la |cette )?(paiement|debit|prelevement|transaction|operation)|faire opposition|litige paypal)\b|\b(contracargo|retrocesion|devolver el (cargo|recibo)|disput(ar|o|are) (el |este |la |un )?(cargo|pago|cobro|transaccion)|reclamar (el cargo |el pago )?(a|al|ante) (mi |el )?banco|anular el cobro con (mi|el) banco)\b",
        "facturation|opposition|contest|litige|contracargo|retrocesion|devolver el|disput|banco",
    ),
    _matter(
        "chargeback",
        _BANK,
        r"\b(terugboek\w*|storneren|storneer|stornering|betaling~betwist\w*|betwist\w*~betaling|incasso~terug\w*)\b|\b(storno|riaddebito|contest(are|o|ero) (l'addebito|il pagamento|la transazione|l'operazione)|disconosc\w* (l'addebito|il pagamento|la transazione|l'operazione))\b|\b(estorno (pelo|atraves do|junto do|no) (meu )?(banco|cartao)|contest(ar|o|arei) (a |o |esta |este )?(cobranca|pagamento|compra|transacao|debito)|chargeback)\b",
        "terugboek|storn|betwist|terug|riaddebito|contest|disconosc",
    ),
    _matter(
        "privacy_request",
        _DATA,
        r"\b(gdpr|dsgvo|rgpd|avg-verzoek|lgpd|ccpa|data protection (act|officer|authority)|subject access|right (to be forgotten|of access|to erasure)|article (15|17|20)|data subject)\b",
        "gdpr|dsgvo|rgpd|avg-|lgpd|ccpa|data protection|subject|right|article",
    ),
    _matter(
        "privacy_request",
        _DATA,
        r"\b(delete|erase|remove|wipe|destroy|forget|purge)~\b(all |any |every |the )?(of )?(my|our|me) (personal |customer |private |account )?(data|information|details|account|profile|records?|user account)\b|\b(delete|erase|close)~\b(data|information|everything)~\b(about|on|of|from) me\b|\b(copy|export|overview|list|disclosure) of (all |any |the )?(the )?(my )?(personal )?(data|information)~\b(you (hold|have|keep|store|stored)|about me|on me)\b|\b(all|everything|what|which)( the)?( personal)?( data| information)? (you|larkfield) (have |has )?(stored?|hold|keep|have|know|collected)~\b(about|on) me\b|\bexport (all )?(of )?my (personal )?data\b",
        "delete|erase|remove|wipe|destroy|forget|purge|close|data|information|about me|on me",
        r"\b(saved|stored|old|expired|second|payment) (credit |debit |payment )?(card|address|method)|\b(from|on) (the|my) (machine|phone|app|tablet|device|router)\b|\b(delete|remove|clear)d? (the )?(app|wi-?fi|cache|recipe|profile (picture|photo))|\b(did|will|does|has|have|was|accidentally) (you |it |the \w+ )?(delete|erase|remove)|\bhow (do|can|to) (i )?(change|update|correct)",
    ),
    _matter(
        "privacy_request",
        _DATA,
        r"\b(losch\w*|entfern\w*|vernicht\w*)~\b(meine?r?|samtliche|alle|meiner) (\w+ )?(daten|kundendaten|konto|account|kundenkonto|profil|benutzerkonto)\b|\b(meine?|samtliche|alle|meiner) (\w+ ){0,2}(daten|konto|kundenkonto|account|benutzerkonto)\b~\b(losch\w*|zu loschen|geloscht)|\b(loschung|auskunft)~\b(meine[rs]?|personenbezogen\w*|gespeichert\w*|konto\w*|daten)\b|\bwelche daten~\b(uber mich|von mir)|\bdatenauskunft|\bauskunft nach art|\brecht auf (vergessen|loschung|auskunft)",
        "losch|entfern|vernicht|auskunft|welche daten|recht auf",
        r"\b(gespeicherte|alte|hinterlegte|abgelaufene) (kreditkarte|karte|adresse|zahlungs)|\b(app|rezept|cache|wlan)\b",
    ),
    _matter(
        "privacy_request",
        _DATA,
        r"\b(supprim\w*|effac\w*|suppression|effacement)~\b(mes|mon|toutes mes|l'ensemble de mes|de mon|de mes) (\w+ )?(donnees|informations|compte|profil)|\b(acces|copie)~\b(a |de )?(toutes )?(mes donnees|donnees (personnelles|me concernant))|\bdroit (a l'oubli|d'acces|a l'effacement)|\bcnil\b|\b(elimin\w*|borr\w*|suprim\w*|cancel\w*)~\b(mis|mi|todos mis) (datos|informacion|cuenta|perfil)\b|\b(acceso|copia)~\b(a|de) (todos )?mis datos|\bderecho (al olvido|de acceso|de supresion)",
        "suppr|effac|acces|copie|droit|cnil|elimin|borr|suprim|cancel|copia|derecho",
        r"\b(carte|tarjeta|adresse|direccion|moyen de paiement|metodo de pago) (enregistre|bancaire|guardad|ancien|antigu)\w*|\babonnement|\bsuscripcion|\bappli(cation)?\b",
    ),
    _matter(
        "privacy_request",
        _DATA,
        r"\b(verwijder\w*|wis|wissen)~\b(mijn|al mijn) (\w+ )?(gegevens|account|profiel|persoonsgegevens|data)\b|\b(mijn|al mijn) (\w+ )?(gegevens|account|persoonsgegevens)~\b(verwijder\w*|wissen|gewist)|\b(inzage|kopie)~\b(mijn|persoons)\w* ?gegevens|\brecht op (vergetelheid|inzage)|\b(cancell\w*|elimin\w*|rimuov\w*)~\b(i miei|tutti i miei|il mio|mio|miei) (\w+ )?(dati|account|profilo)\b|\b(accesso|copia)~\b(ai|dei) (miei )?dati|\bdiritto (all'oblio|di accesso)|\b(apag\w*|elimin\w*|exclu\w*|remov\w*)~\b(os meus|meus|todos os meus|a minha|minha) (\w+ )?(dados|conta|perfil)\b|\b(acesso|copia)~\b(aos|dos) (meus )?dados|\bdireito (ao esquecimento|de acesso)",
        "verwijder|wis|inzage|kopie|recht op|cancell|elimin|rimuov|accesso|copia|diritto|apag|exclu|remov|acesso|direito",
        r"\b(opgeslagen|oude|verlopen) (kaart|adres|betaal)|\b(carta|cartao|indirizzo|morada) (salvat|guardad|vecchi|antig)\w*|\babbonamento|\bassinatura|\bapp\b",
    ),
    _matter(
        "self_harm",
        _HARM,
        r"\b(kill|hurt|harm|hang|shoot) (myself|ourselves)\b|\b(end(ing)?|take|taking) my (own )?life\b|\bsuicid(e|al)\b|\b(do not|don't|no longer) want to (live|be alive|go on living)\b|\bwant to die\b|\bbetter off dead\b|\b(ich )?(bringe?|bring) mich um\b|\bmich umbringen\b|\bselbstmord|\bsuizid|\bnicht mehr leben\b|\bmir das leben nehmen|\bme (tuer|suicider|pendre)\b|\ben finir avec (la|ma) vie|\bmettre fin a mes jours|\bplus envie de vivre|\bme (voy a|quiero) (matar|suicidar)|\b(matarme|suicidarme|quitarme la vida)\b|\bno quiero (seguir viviendo|vivir)|\bzelfmoord|\bmezelf (iets aandoen|van kant|ombrengen|doden)|\bniet meer (willen )?leven\b|\b(uccidermi|ammazzarmi|suicidarmi|togliermi la vita|farla finita)\b|\bnon voglio piu vivere|\b(me matar|suicidar-?me|matar-me|tirar a minha vida)\b|\bnao quero (mais )?viver",
        "self|ourselves|my life|own life|suicid|alive|to live|living|die|dead|mich um|selbstmord|suizid|leben|me tuer|pendre|vie|mes jours|vivre|matar|viviendo|vivir|zelfmoord|mezelf|uccider|ammazzar|vita|finita|vivere|viver",
        r"\bto die for\b|\bvideo game|\bsuicide (doors|squad)",
    ),
    _matter(
        "violence",
        _VIOLENCE,
        r"\b(i'?ll|i will|i am going to|i'm going to|we will|going to|gonna) (\w+ )?(kill|hurt|shoot|beat|stab|smash|burn|bomb|attack|find|come for) (you|your (office|shop|building|staff|people|family|team)|someone|somebody|everyone|all of you)\b|\b(bomb|blow up|set fire to|burn down) (your|the) (office|shop|store|building|warehouse)\b|\bi know where you (live|work)\b|\byou('re| are) (a )?dead\b|\b(bring|bringe) (euch|dich|sie)( alle)? um\b|\b(umbringen|abstechen|zusammenschlagen)\b|\bich weiss,? wo (du|ihr|sie) wohn|\bje (vais|viens) (vous|te|tous vous) (tuer|casser la gueule|bruler|frapper)|\b(os|te|les) (voy a|vamos a) (matar|pegar|quemar)|\bik (maak|sla|steek) (jullie|je|u) (af|dood|neer|kapot|in elkaar)|\b(vi|ti) (ammazzo|uccido|spacco|brucio)|\bvou (vos )?(matar|bater|queimar) (voces|vos|te)?",
        "kill|hurt|shoot|beat|stab|smash|burn|bomb|attack|find you|come for|blow up|set fire|where you|dead|um|abstech|schlagen|wo du|wo ihr|wo sie|tuer|gueule|bruler|frapper|matar|pegar|quemar|dood|neer|kapot|elkaar|ammazzo|uccido|spacco|brucio|bater|queimar",
        r"\b(find you a|find your (website|shop|store|office|address|product)|beat you to|dead(line)?[- ]on[- ]arrival|find you (very|so|rude|unhelp|great|help))",
    ),
    _matter(
        "security_incident",
        _BREACH,
        r"\b(account|e-?mail|profile|password|login|app)\b~\b(hacked|been hacked|compromised|taken over|hijacked|broken into)\b|\b(hacked|compromised|hijacked) (account|e-?mail|profile|password|website|app|login)\b|\b(someone|somebody|a stranger|another person|unknown person)( else)? (has |is |was |had |have )?(\w+ )?(logged in(to)?|accessed|signed in(to)?|got into|using|used|ordered|changed|has access to|taken over)~\b(my|our) (account|card|e-?mail|name|profile|address|password)|\b(see|saw|seeing|shows?|got|received|sent me) (\w+ )?(another|other|someone else'?s?|a different|other people'?s?) (customer|person|user|people)?'?s?( personal)? ?(data|details|orders?|invoices?|address(es)?|names?|account)\b|\b(data|security) (breach|leak|hole|flaw|vulnerability|incident)|\bvulnerability\b|\b(phishing|scam) (mail|e-?mail|message|site|page|attempt|sms|text)?\b~\b(your|larkfield|you)\b|\bunauthori[sz]ed (access|login|orders?|transactions?|charges?|purchases?|use)\b|\bidentity theft\b|\b(i )?did(n't| not) (place|make|order|authori[sz]e) (this|that|these|any|an) (order|purchase|transaction|payment|login)",
        "hack|compromis|hijack|taken over|broken into|someone|somebody|stranger|person|another|other|different|breach|leak|vulnerab|security|phishing|scam|unauthori|identity theft|did not|didn't",
    ),
    _matter(
        "security_incident",
        _BREACH,
        r"\b(konto|account|passwort|mail)\b~\b(gehackt|geknackt|ubernommen|kompromittiert)|\b(fremde|unbekannte|jemand)\w*~\b(zugriff|eingeloggt|angemeldet|bestellt)~\b(mein\w*|konto|namen)?|\bdatenleck|\bdatenpanne|\bsicherheitslucke|\bphishing|\b(daten|rechnung|bestellung) (eines|einer|von) (anderen|fremden)|\b(compte|mot de passe)\b~\b(pirat\w*|hack\w*|compromis\w*|vol\w*)|\bquelqu'un~\b(acces|connect\w*|command\w*)~\b(mon|mes) (compte|nom)|\bfuite de donnees|\bfaille de securite|\bhameconnage|\b(cuenta|contrasena)\b~\b(hacke\w*|pirate\w*|jaque\w*|comprometid\w*|robad\w*)|\balguien~\b(acced\w*|entr\w*|pidi\w*|ha comprado)~\b(mi|mis) (cuenta|nombre)|\b(fuga|filtracion|brecha) de (datos|seguridad)",
        "konto|account|passwort|mail|jemand|fremde|unbekannte|daten|sicherheits|phishing|rechnung|compte|mot de passe|quelqu'un|fuite|faille|hameconnage|cuenta|contrasena|alguien|fuga|filtracion|brecha",
        r"\bmilchsystem",
    ),
    _matter(
        "security_incident",
        _BREACH,
        r"\b(account|wachtwoord)\b~\b(gehackt|gekraakt|overgenomen|gekaapt)|\biemand( anders)?~\b(toegang|ingelogd|besteld)~\b(mijn|account|naam)|\bdatalek|\bbeveiligingslek|\b(account|password|profilo)\b~\b(hackerat\w*|violat\w*|compromess\w*|rubat\w*)|\bqualcuno~\b(access\w*|entrat\w*|ordinat\w*)~\b(mio|miei|nome)|\b(fuga|violazione) di dati|\bfalla di sicurezza|\b(conta|senha|palavra-passe)\b~\b(hacke\w*|invadid\w*|comprometid\w*|pirate\w*|roubad\w*)|\balguem~\b(acess\w*|entrou|pediu|comprou)~\b(minha|meu|conta|nome)|\b(vazamento|fuga) de dados|\bfalha de seguranca",
        "account|wachtwoord|iemand|datalek|beveiligings|password|profilo|qualcuno|fuga|violazione|falla|conta|senha|palavra|alguem|vazamento|falha",
    ),
    _matter(
        "safety_incident",
        _DANGER,
        r"\b(caught|catch(es|ing)?|on) fire\b|\b(fire|flames?|sparks?|sparking|smoke|smoking|smouldering|burning smell|burnt smell|smell of burning|smells (of|like) burn\w*|burning plastic|electric shocks?|electrocuted|got shocked|short[- ]circuit(ed)?|exploded|explosion|scald(ed|ing)?|gas smell|smell(s|ed)? (of )?gas|melt(ed|ing)|electric current|tripped the (fuse|breaker))\b|\b(burn(ed|t)|injured|cut|hurt) (my|his|her|our|their|a|your) (\w+ )?(hands?|fingers?|arm|face|child|daughter|son|skin|leg|foot|colleague|wife|husband|customer|employee|self)\b|\b(burn(ed|t)|injured|hurt) (myself|himself|herself)\b|\b(went|go|gone|was taken|had to go|been) to (the )?(hospital|emergency room|a&e)\b|\b(food poisoning|allergic reaction|glass (in|splinter\w*)|mou?ldy? (in|inside) (my|the) (coffee|beans))\b|\b(code |error |fehler |erreur |errore |erro |fout |shows |display\w* |message )?\be6\b",
        "fire|flame|spark|smok|smould|burn|shock|electr|circuit|explo|scald|gas|melt|tripped|injur|cut|hurt|hospital|emergency|a&e|poison|allerg|glass|mould|mold|e6",
        r"\b(fire ?wall|fire ?fox|fire (tv|tablet|stick|hd)|amazon fire|fired up|smok(e|ing)[- ]?free|smoky (flavou?r|taste|notes?|aroma)|smok\w+ (flavou?r|taste|notes?|aroma)|(taste|flavou?r|aroma|notes?) of smoke|no (smoke|fire|sparks|burning|burnt smell)|not (smoking|burning)|melted (chocolate|butter|cheese)|glass (jug|cup|carafe)|shock(ed)? (by|at|to) (the |your |how |see|hear|learn|find)|burnt? (taste|coffee|flavou?r|beans)|(taste|tastes|tasting) burnt|spark(s|ed|ing)? (joy|interest)|sparkling|latte)\b",
    ),
    _matter(
        "safety_incident",
        _DANGER,
        r"\b(brennt|gebrannt|feuer gefangen|flammen|funken|rauch\w*|qualm\w*|verbrannt|verbruh\w*|stromschlag\w*|kurzschluss|explodiert|geschmort|schmort|verschmort|brandgeruch|angebrannt\w*|verletzt|krankenhaus|gasgeruch|es stinkt nach)\b|\b(pris feu|flammes?|etincelles?|fumee|fume\b|brulure|brule[er]?|choc electrique|electrocut\w*|decharge electrique|court[- ]circuit|explos\w*|odeur de brule|sent le brule|blesse[er]?|hopital)\b|\b(se (incendio|prendio|quemo)|incendio|fuego|llamas|chispas|humo|quemadura\w*|quemado|descarga electrica|calambre|cortocircuito|explot\w*|olor a quemado|huele a quemado|herid[oa]|hospital)\b",
        "brennt|brannt|feuer|flamm|funken|rauch|qualm|bruh|schlag|schluss|explo|schmor|brand|verletzt|krankenhaus|gas|stinkt|feu|etincelle|fum|brul|electr|circuit|bless|hopital|incend|prend|quem|fuego|llamas|chispas|humo|calambre|herid|hospital",
        r"\b(raucharoma|rauchig\w*|rauchfrei|nichtraucher|verbraucht?\w*|gebraucht\w*|kein(e|en)? (rauch|funken|feuer|flammen|brandgeruch)|feuer und flamme|gout fume|pas de fumee|cafe brule|gout (de )?brule|gout brule|sabor (a )?(humo|quemado|ahumado)|sin humo|te llamas|se llamas|como te llamas|datenschutz verletzt)\b|\b(brul|quem|verbrannt)\w*~\b(geschmack|gout|sabor|schmeckt)|\b(schmeckt|gout|sabor|sabe)~\b(verbrannt|brul|quem)",
    ),
    _matter(
        "safety_incident",
        _DANGER,
        r"\b(in brand|vlam gevat|vlammen|vonken|rook(t|te)?\b(?! ?smaak)|brandlucht|schroeilucht|verbrand|brandwond\w*|elektrische schok|schok gekregen|kortsluiting|ontploft?|gesmolten|gewond|ziekenhuis|gaslucht)\b|\b(preso fuoco|fuoco|fiamme|scintille|fumo|ustion\w*|bruciat[oaie]|scossa( elettrica)?|cortocircuito|esplos\w*|odore di bruciato|puzza di bruciato|ferit[oa]|ospedale)\b|\b(pegou fogo|fogo|chamas|faiscas|fumaca|fumo|queimadur\w*|queimei|queimou|choque eletrico|curto[- ]circuito|explodiu|cheiro a? ?(de )?queimado|ferid[oa]|hospital)\b",
        "brand|vlam|vonken|rook|schroei|schok|sluiting|ontplof|gesmolten|gewond|ziekenhuis|gaslucht|fuoco|fiamme|scintille|fumo|ustion|bruciat|scossa|circuito|esplos|ferit|ospedale|fogo|chamas|faisca|fumaca|queim|choque|explodiu|ferid|hospital",
        r"\b(rooksmaak|rookvrij|sapore|gusto|gosto|sabor|smaak|smaakt|sa di|verbrande smaak|geen rook|senza fumo|sem fumo|te chamas|firewall)\b",
    ),
    _matter(
        "press",
        _PRESS,
        r"\b(journalists?|reporters?|newspapers?|(tv|television|news|radio) (station|channel|crew|programme|program|show)|the (press|media)\b(?! (release|kit|player|button))|press (inquiry|enquiry|request|office|deadline)|(contact|inform|tell|go to|going to|talk to|alert|involve|write to)~\b(the )?(press|media|newspaper|bbc|guardian|daily mail|watchdog)|for (an|our|my) (article|story|investigation|broadcast|documentary))\b",
        "journalist|reporter|newspaper|tv|television|news|radio|press|media|bbc|guardian|daily mail|watchdog|article|story|investigation|broadcast|documentary",
        r"\b(read|saw|seen|heard|advert|ad|review|recommended|social media|media player|french press|aeropress|press the|media markt|help article|knowledge|kb|wrapped|subscri)\w*",
    ),
    _matter(
        "press",
        _PRESS,
        r"\b(journalist(in)?|reporter(in)?|redaktion|presseanfrage|pressestelle|an die (presse|offentlichkeit|medien|zeitung)|(die )?(presse|medien|zeitung|fernsehen|ard|zdf|rtl) (informier|einschalt|kontaktier)\w*|journalistes?|redaction|la presse|les medias|demande presse|periodistas?|la prensa|los medios|medios de comunicacion|journalisten?|de pers\b|de media\b|persvraag|persverzoek|naar (de krant|radar|kassa)|giornalist[aei]|la stampa|ai giornali|redazione|ai media|jornalistas?|a imprensa|a comunicacao social|aos media|redacao)\b",
        "journalist|reporter|redaktion|presse|medien|zeitung|fernsehen|ard|zdf|rtl|redaction|medias|periodista|prensa|medios|pers|media|krant|radar|kassa|giornal|stampa|redazione|jornalista|imprensa|comunicacao|redacao",
        r"\b(gelesen|gesehen|lu|vu|leido|visto|gelezen|letto|lido|werbung|franz|french|stampante|social|sociaux|sociales|sociali|mediamarkt|presse-?(kanne|purre)|espresse)\w*",
    ),
    _matter(
        "customer_request",
        _HUMAN,
        r"\b(speak|talk|chat|connect(ed)?|transfer(red)?|put (me )?through|escalate( this| it)?|pass(ed)? (me|this) on|hand(ed)? (me|this) over) (me )?(to|with) (an?|the|your|some)? ?(\w+ )?(human|person|real person|manager|supervisor|someone (real|human|in charge|senior)|live agent|agent|representative|team ?lead|human being|member of staff)\b|\b(want|need|request|demand|get me|give me|would like|prefer|ask for)~\b(a|an|your|the) (human|real person|manager|supervisor|live agent|human agent|human being|real human|person in charge)\b|\b(no|not|stop|without)( more| another)? (bots?|chatbots?|robots?|automated (replies|answers|responses)|automatic replies)\b|\b(call|ring|phone) me (back|please|on \+?\d|at|today|tomorrow|asap|urgently)\b|\bplease (call|ring|phone) me\b(?! (when|if|before|once|by))",
        "human|person|manager|supervisor|someone|agent|representative|lead|staff|bot|automat|call|ring|phone",
        r"\b(you|they) (can|may) call",
    ),
    _matter(
        "customer_request",
        _HUMAN,
        r"\b(mit|an) (einem|einen|einer|eine|ihrem|den|dem) (echten )?(menschen|mitarbeiter(in)?|person|vorgesetzten|chef|manager|teamleiter\w*|berater(in)?) (sprechen|reden|verbinden|verbunden|weiterleiten|weitergeleitet)|\b(echten|richtigen|keinen (bot|roboter)|kein (bot|roboter))( \w+)? ?(menschen|mitarbeiter|ansprechpartner)?\b~\b(sprechen|reden|verbind\w*|antwort\w*|mochte|will)?|\bruf(en sie)? mich( bitte)?( \w+)? (an|zuruck)\b|\bum (einen )?ruckruf|\b(parler|discuter|echanger|etre mis en relation|mettre en relation) (a|avec) (un|une|votre|quelqu'un|le)( vrai| vraie)? ?(humain|personne|conseiller|responsable|manager|superieur|etre humain|de reel)|\b(un|une) (vrai|vraie) (personne|humain|conseiller)|\b(rappelez|appelez)[ -]moi|\bpas (un|de) (robot|bot)\b",
        "mensch|mitarbeiter|person|vorgesetzt|chef|manager|teamleit|berater|echten|richtigen|bot|robot|ruf|humain|conseiller|responsable|superieur|quelqu'un|vrai|appelez",
    ),
    _matter(
        "customer_request",
        _HUMAN,
        r"\b(hablar|contactar|comunicar\w*) (con|directamente con) (un|una|el|su|alguien)( \w+)? ?(humano|persona|agente|responsable|supervisor|encargado|gerente|real)|\buna persona (real|de verdad)|\b(llamenme|llameme|me llamen|que me llame)|\b(met|naar) een (echt )?(mens|persoon|medewerker|echte medewerker|leidinggevende|manager|iemand) (spreken|praten|doorverbonden|te spreken)|\bbel (me|mij)( a\.?u\.?b\.?| alstublieft)?( even| terug)?|\b(een )?echt(e)? (mens|persoon|medewerker)\b|\been (\w+ )?(mens|medewerker|persoon|leidinggevende|manager) (aan de lijn|spreken|te spreken)\b|\bgeen (bot|robot|chatbot)|\b(parlare|essere contattato) (con|da) (un|una|il|qualcuno)( vero| vera)? ?(umano|persona|operatore|responsabile|supervisore|essere umano|reale)|\b(chiamatemi|richiamatemi|mi chiami)|\b(falar|conversar) (com) (um|uma|o|alguem)( \w+)? ?(humano|pessoa|atendente|responsavel|gerente|supervisor|real)|\b(ligue-?me|liguem-?me|me ligue|liga-me)\b",
        "human|persona|agente|responsable|supervisor|encargado|gerente|llam|mens|persoon|medewerker|leidinggevende|manager|iemand|bel |bot|umano|operatore|responsabile|chiam|pessoa|atendente|responsavel|ligue|liga-|alguien|alguem|qualcuno",
        r"\bbel (ik|je|u|jullie)\b",
    ),
]
