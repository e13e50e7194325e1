"""The tables and columns that SuiteQL sees. Written `column:type:display`.

Types: text (the default), id (a whole number), num, bool (T or F), date, datetime. `display` names where
`BUILTIN.DF` finds the text: a record family, an enumeration, or `status` (depends on the transaction's type).
Dates rest as ISO text, instants as `YYYY-MM-DD HH:MM:SS` in the account's time zone.
"""

from __future__ import annotations

from dataclasses import dataclass

from erp_emulator import balances, currencies


@dataclass(frozen=True)
class Column:
    name: str
    kind: str = "text"
    display: str = ""


LINKS = """
previousdoc:id:transaction previousline:id previoustype:text:trantype nextdoc:id:transaction nextline:id
nexttype:text:trantype linktype foreignamount:num quantity:num lastmodifieddate:datetime previousdate:date nextdate:date
"""
ADDRESS = """
nkey:id addr1 addr2 addr3 addressee attention addrphone addrtext city state dropdownstate zip country:text:country
recordowner:id override:bool lastmodifieddate:datetime
"""
TOLERANCES = """
purchaseorderamount:num purchaseorderquantity:num purchaseorderquantitydiff:num receiptamount:num receiptquantity:num
receiptquantitydiff:num
"""
TREE = """
id:id name fullname parent:id:{0} isinactive:bool includechildren:bool externalid subsidiary lastmodifieddate:datetime
"""
PARTY = """
id:id entityid altname companyname firstname lastname email phone fax url comments isinactive:bool isperson:bool
externalid currency:id:currency subsidiary:id:subsidiary legalname datecreated:datetime lastmodifieddate:datetime
defaultbillingaddress:id defaultshippingaddress:id title printoncheckas
"""
SPECS = {
    "transaction": """
        id:id tranid transactionnumber trandisplayname type:text:trantype recordtype abbrevtype entity:id:entity
        employee:id:entity nextapprover:id:entity createdby:id:entity lastmodifiedby:id:entity trandate:date
        duedate:date
        closedate:date createddate:datetime lastmodifieddate:datetime shipdate:date status:text:status
        approvalstatus:id:approvalstatus currency:id:currency exchangerate:num foreigntotal:num total:num
        foreignamountunpaid:num foreignamountpaid:num memo externalid otherrefnum postingperiod:id:accountingperiod
        posting:bool voided:bool void:bool isreversal:bool terms:id:term paymenthold:bool billingstatus:bool
        daysopen:num
        daysoverduesearch:num balsegstatus:id nexus customtype:id source ordpicked:bool printedpickingticket:bool
        visibletocustomer:bool userevenuearrangement:bool number:id typebaseddocumentnumber linkedtrackingnumberlist
        billingaddress:id shippingaddress:id unbilledorders:num account:id:account createdfrom:id:transaction
        subsidiary:id:subsidiary location:id:location department:id:department class:id:classification email
        custbody_source_document custbody_document_hash custbody_note
        foreignpaymentamountunused:num foreignpaymentamountused:num includeinforecast:bool isfinchrg:bool
        legacytax:bool onetime:num recurannually:num recurmonthly:num recurquarterly:num recurweekly:num
        taxdetailsoverride:bool taxpointdateoverride:bool taxregoverride:bool taxtotal:num journaltype
        actualshipdate:date paymentoption:id shipcomplete:bool""",
    "transactionline": """
        transaction:id:transaction id:id linesequencenumber:id uniquekey:id mainline:bool taxline:bool iscogs:bool
        donotdisplayline:bool transactiondiscount:bool item:id:item itemtype:text:itemtype quantity:num
        quantityshiprecv:num quantitybilled:num quantityrejected:num quantitypacked:num quantitypicked:num
        quantitycommitted:num quantitybackordered:num quantityallocated:num rate:num rateamount:num ratepercent:num
        price:id foreignamount:num netamount:num creditforeignamount:num debitforeignamount:num amount:num
        foreignamountpaid:num foreignamountunpaid:num foreignpaymentamountused:num foreignpaymentamountunused:num
        amountlinked:num fxamountlinked:num expenseaccount:id:account account:id:account category:id:expensecategory
        class:id:classification department:id:department location:id:location subsidiary:id:subsidiary entity:id:entity
        memo createdfrom:id:transaction isclosed:bool isbillable:bool isfullyshipped:bool fulfillable:bool
        hasfulfillableitems:bool isinventoryaffecting:bool matchbilltoreceipt:bool billvariancestatus dropship:bool
        specialorder:bool kitcomponent:bool assemblycomponent:bool isfxvariance:bool isscrap:bool landedcostperline:bool
        accountinglinetype transactionlinetype hascostline:bool expectedreceiptdate:date expectedshipdate:date
        actualshipdate:date billeddate:date linelastmodifieddate:datetime units documentnumber paymentmethod
        taxamount:num
        taxcode:id:salestaxitem taxrate:num linecreateddate:datetime custcol_note""",
    "nexttransactionlinelink": LINKS,
    "previoustransactionlinelink": LINKS,
    "nexttransactionlink": LINKS,
    "previoustransactionlink": LINKS,
    "transactionaccountingline": """
        transaction:id:transaction transactionline:id accountingbook:id account:id:account accounttype:text:accttype
        amount:num debit:num credit:num netamount:num amountpaid:num amountunpaid:num amountlinked:num posting:bool
        exchangerate:num paymentamountused:num paymentamountunused:num lastmodifieddate:datetime""",
    "transactionstatus": "id trantype:text:trantype name fullname",
    "vendor": f"""{PARTY} accountnumber category:id:vendorcategory terms:id:term expenseaccount:id:account
        payablesaccount:id:account balance:num balanceprimary:num unbilledorders:num creditlimit:num
        billpay:bool subsidiaryedition vatregnumber taxidnum is1099eligible:bool taxitem:id:salestaxitem incoterm
        custentity_iban custentity_bic custentity_bank_name
        {TOLERANCES}""",
    "employee": f"""{PARTY} department:id:department location:id:location class:id:classification
        supervisor:id:entity approvallimit:num expenselimit:num purchaseorderlimit:num purchaseorderapprovallimit:num
        issalesrep:bool giveaccess:bool""",
    "customer": f"{PARTY} category terms:id:term balance:num creditlimit:num vatregnumber parent:id:entity",
    "job": f"{PARTY} parent:id:entity projectmanager:id:entity startdate:date projectedenddate:date",
    "contact": f"{PARTY} company:id:entity",
    "entity": """
        id:id entityid altname firstname lastname type email phone isinactive:bool isperson:bool externalid
        vendor:id customer:id
        employee:id contact:id project:id parent:id:entity toplevelparent:id:entity datecreated:datetime
        lastmodifieddate:datetime""",
    "vendorsubsidiaryrelationship": """
        id:id entity:id:entity subsidiary:id:subsidiary isprimarysub:bool balance:num creditlimit:num
        taxitem:id:salestaxitem externalid isinactive:bool lastmodifieddate:datetime name""",
    "vendoraddressbook": """
        internalid:id entity:id:entity addressbookaddress:id defaultbilling:bool defaultshipping:bool label""",
    "vendoraddressbookentityaddress": ADDRESS,
    "entityaddress": ADDRESS,
    "transactionbillingaddress": ADDRESS,
    "transactionshippingaddress": ADDRESS,
    "locationmainaddress": ADDRESS,
    "subsidiarymainaddress": ADDRESS,
    "item": f"""
        id:id itemid fullname displayname description itemtype:text:itemtype subtype class:id:classification
        department:id:department location:id:location subsidiary assetaccount:id:account expenseaccount:id:account
        incomeaccount:id:account gainlossaccount:id:account deferralaccount:id:account cogsaccount:id:account
        parent:id:item isinactive:bool isfulfillable:bool matchbilltoreceipt:bool vendorname purchasedescription
        cost:num
        lastpurchaseprice:num averagecost:num totalquantityonhand:num unitstype:id:unitstype purchaseunit stockunit
        billpricevarianceacct:id:account billqtyvarianceacct:id:account billexchratevarianceacct:id:account
        upccode externalid createddate:datetime lastmodifieddate:datetime includechildren:bool {TOLERANCES}
        copydescription:bool enforceminqtyinternally:bool generateaccruals:bool isdropshipitem:bool
        isspecialorderitem:bool isonline:bool printitems:bool quantityavailable:num shipindividually:bool
        froogleproductfeed:bool nextagproductfeed:bool shoppingproductfeed:bool shopzillaproductfeed:bool
        yahooproductfeed:bool""",
    "itemvendor": """
        item:id:item vendor:id:entity vendorcode preferredvendor:bool purchaseprice:num subsidiary:id:subsidiary""",
    "inventoryitemlocations": """
        item:id:item location:id:location quantityonhand:num quantityavailable:num quantityonorder:num
        quantitycommitted:num quantitybackordered:num onhandvaluemli:num averagecostmli:num lastpurchasepricemli:num
        costaccountingstatus lastquantityavailablechange:datetime""",
    "aggregateitemlocation": "item:id:item location:id:location quantityonhand:num quantityavailable:num "
    "quantityonorder:num",
    "account": """
        id:id acctnumber acctname accountsearchdisplayname accountsearchdisplaynamecopy displaynamewithhierarchy
        fullname
        accttype:text:accttype currency:id:currency description parent:id:account isinactive:bool issummary:bool
        inventory:bool eliminate:bool includechildren:bool sspecacct subsidiary externalid balance:num
        class:id:classification department:id:department generalrate
        lastmodifieddate:datetime""",
    "accounttype": "id accountnumber:num longname balancesheet:bool debit:bool",
    "accountsubsidiarymap": "account:id:account subsidiary:id:subsidiary",
    "subsidiary": f"""
        id:id name fullname legalname parent:id:subsidiary currency:id:currency country:text:country isinactive:bool
        iselimination:bool mainaddress:id edition fiscalcalendar:id email url externalid federalidnumber
        lastmodifieddate:datetime {TOLERANCES}""",
    "department": TREE.format("department"),
    "classification": TREE.format("classification"),
    "location": TREE.format("location") + " mainaddress:id returnaddress:id usebins:bool makeinventoryavailable:bool "
    "locationtype:id",
    "currency": """
        id:id name symbol displaysymbol exchangerate:num isbasecurrency:bool isinactive:bool currencyprecision:id
        symbolplacement:id externalid lastmodifieddate:datetime""",
    "term": """
        id:id name daysuntilnetdue:num discountpercent:num daysuntilexpiry:num datedriven:bool preferred:bool
        isinactive:bool externalid lastmodifieddate:datetime""",
    "accountingperiod": """
        id:id periodname startdate:date enddate:date closed:bool closedondate:date alllocked:bool aplocked:bool
        arlocked:bool payrolllocked:bool allownonglchanges:bool isposting:bool isadjust:bool isquarter:bool isyear:bool
        isinactive:bool parent:id:accountingperiod fiscalcalendar:id externalid lastmodifieddate:datetime""",
    "accountingbook": """
        id:id name isprimary:bool isinactive:bool externalid isadjustmentonly:bool basebook:id effectiveperiod:id
        isconsolidated:bool contingentrevenuehandling:bool twosteprevenueallocation:bool unbilledreceivablegrouping""",
    "consolidatedexchangerate": """
        id:id fromsubsidiary:id:subsidiary tosubsidiary:id:subsidiary fromcurrency:id:currency tocurrency:id:currency
        postingperiod:id:accountingperiod currentrate:num averagerate:num historicalrate:num""",
    "currencyrate": "id:id basecurrency:id:currency transactioncurrency:id:currency exchangerate:num "
    "effectivedate:date",
    "expensecategory": """
        id:id name description expenseacct:id:account defaultrate:num isinactive:bool subsidiary externalid
        lastmodifieddate:datetime""",
    "customercategory": "id:id name isinactive:bool externalid lastmodifieddate:datetime",
    "vendorcategory": "id:id name isinactive:bool externalid lastmodifieddate:datetime",
    "salestaxitem": """
        id:id itemid name taxtype:id:taxtype rate:num description country:text:country isinactive:bool externalid
        isexport:bool isreversecharge:bool
        taxaccount:id:account purchaseaccount:id:account saleaccount:id:account lastmodifieddate:datetime""",
    "taxtype": """
        id:id name country:text:country description isinactive:bool receivablesaccount:id:account
        payablesaccount:id:account externalid lastmodifieddate:datetime""",
    "taxitemtaxgroup": "id:id taxitem:id:salestaxitem taxgroup:id rate:num description taxtype:id:taxtype "
    "isinactive:bool",
    "customrecord_ste_taxrate": """
        id:id name custrecord_ste_taxrate_taxcode:id:salestaxitem custrecord_ste_taxrate_rate:num isinactive:bool""",
    "unitstype": "id:id name isinactive:bool externalid lastmodifieddate:datetime",
    "unitstypeuom": """
        unitstype:id:unitstype internalid:id unitname abbreviation pluralname pluralabbreviation conversionrate:num
        baseunit:bool""",
    "inboundshipment": """
        id:id shipmentnumber shipmentstatus expecteddeliverydate:date actualdeliverydate:date vesselnumber billoflading
        externaldocumentnumber shipmentmemo externalid isinactive:bool lastmodifieddate:datetime""",
    "file": """
        id:id name filetype filesize:num url folder:id:mediaitemfolder description isonline:bool createddate:datetime
        lastmodifieddate:datetime""",
    "mediaitemfolder": "id:id name istoplevel:bool appfolder parent:id:mediaitemfolder isinactive:bool "
    "lastmodifieddate:datetime",
    "deletedrecord": """
        deleteddate:datetime type recordid:id recordtypeid:id scriptid name context deletedby:id:entity
        iscustomrecord:bool iscustomlist:bool iscustomtransaction:bool""",
    "systemnote": """
        id:id record recordid:id recordtypeid:id recordtype field oldvalue newvalue date:datetime name:id:entity
        context role:id type:id""",
    "customfield": """
        internalid:id scriptid name fieldtype fieldvaluetype isinactive:bool description fieldvaluetyperecord
        ismandatory:bool isshowinlist:bool isstored:bool owner:id lastmodifieddate:datetime recordtype""",
    "companyfeaturesetup": "id name isavailable:bool isactive:bool",
    "dual": "dummy",
}


def parse_columns(text: str) -> dict[str, Column]:
    columns = {}
    for token in text.split():
        name, _, rest = token.partition(":")
        kind, _, display = rest.partition(":")
        columns[name] = Column(name, kind or "text", display)
    return columns


TABLES: dict[str, dict[str, Column]] = {name: parse_columns(text) for name, text in SPECS.items()}
# The custom fields that every account has from the start.
CUSTOM_FIELDS = (
    "custbody_document_hash",
    "custbody_note",
    "custbody_source_document",
    "custcol_note",
    "custentity_bank_name",
    "custentity_bic",
    "custentity_iban",
)
# Columns that are never empty: an ordering by them may follow an index.
NEVER_EMPTY: dict[str, frozenset[str]] = {
    "transaction": frozenset({"id", "type", "recordtype", "trandate", "createddate", "lastmodifieddate"}),
    "transactionline": frozenset({"transaction", "id", "linesequencenumber", "uniquekey", "mainline"}),
    "deletedrecord": frozenset({"recordid", "deleteddate", "type"}),
    "nexttransactionlinelink": frozenset({"previousdoc", "previousline", "nextdoc", "nextline", "linktype"}),
}
KEY_COLUMNS = frozenset({"id", "lastmodifieddate"})
SQLITE_KINDS = {"id": "INTEGER", "num": "REAL"}
INDEXES = (
    'CREATE UNIQUE INDEX transaction_key ON "transaction"(id)',
    'CREATE INDEX transaction_entity ON "transaction"(entity, type)',
    'CREATE INDEX transaction_tranid ON "transaction"(tranid, type, id)',
    'CREATE INDEX transaction_modified ON "transaction"(lastmodifieddate, id)',
    'CREATE INDEX transaction_type ON "transaction"(type, id)',
    'CREATE INDEX transaction_type_modified ON "transaction"(type, lastmodifieddate, id)',
    'CREATE INDEX transaction_external ON "transaction"(externalid)',
    # With the flags that most queries filter by, so that lines are counted without being read.
    'CREATE INDEX transactionline_key ON transactionline("transaction", id, mainline, taxline)',
    "CREATE INDEX transactionline_createdfrom ON transactionline(createdfrom)",
    "CREATE INDEX transactionline_item ON transactionline(item)",
    "CREATE INDEX nextlink_previous ON nexttransactionlinelink(previousdoc, previousline)",
    "CREATE INDEX nextlink_next ON nexttransactionlinelink(nextdoc, nextline)",
    'CREATE INDEX accountingline_key ON transactionaccountingline("transaction")',
    "CREATE INDEX accountingline_account ON transactionaccountingline(account)",
    "CREATE INDEX currencyrate_day ON currencyrate(transactioncurrency, effectivedate)",
    "CREATE INDEX deletedrecord_when ON deletedrecord(deleteddate)",
    "CREATE INDEX systemnote_record ON systemnote(recordtype, recordid)",
    "CREATE INDEX itemvendor_item ON itemvendor(item)",
    "CREATE INDEX billingaddress_key ON transactionbillingaddress(nkey)",
    "CREATE INDEX vendorbook_entity ON vendoraddressbook(entity)",
    "CREATE INDEX entityaddress_key ON entityaddress(nkey)",
    "CREATE INDEX vendoraddress_key ON vendoraddressbookentityaddress(nkey)",
)
# Rows of these are other tables' rows, seen from elsewhere.
NOT_KEPT_OF_STOCK = ", ".join(
    f"NULL AS {name}"
    for name in "quantitycommitted quantitybackordered onhandvaluemli averagecostmli lastpurchasepricemli "
    "costaccountingstatus lastquantityavailablechange".split()
)
VIEWS = {
    "previoustransactionlinelink": "SELECT * FROM nexttransactionlinelink",
    "nexttransactionlink": "SELECT DISTINCT previousdoc, NULL AS previousline, previoustype, nextdoc, NULL AS "
    "nextline, nexttype, "
    "linktype, SUM(foreignamount) AS foreignamount, SUM(quantity) AS quantity, MAX(lastmodifieddate) AS "
    "lastmodifieddate, "
    "MAX(previousdate) AS previousdate, MAX(nextdate) AS nextdate FROM nexttransactionlinelink "
    "GROUP BY previousdoc, previoustype, nextdoc, nexttype, linktype",
    "previoustransactionlink": "SELECT * FROM nexttransactionlink",
    "consolidatedexchangerate": currencies.CONSOLIDATED_VIEW,
    "inventoryitemlocations": " ".join(("SELECT *,", NOT_KEPT_OF_STOCK, "FROM (", balances.STOCK_VIEW, ")")),
    "aggregateitemlocation": balances.STOCK_VIEW,
}


def declared(column: Column) -> str:
    return f'"{column.name}" {SQLITE_KINDS.get(column.kind, "TEXT")}'


def create(name: str, columns: dict[str, Column]) -> str:
    """The statement that makes one table."""
    key = is_keyed(name, columns)
    body = ", ".join(
        declared(each) + (" PRIMARY KEY" if each.name == "id" and key else "") for each in columns.values()
    )
    return f'CREATE TABLE "{name}" ({body})'


def is_keyed(name: str, columns: dict[str, Column]) -> bool:
    column = columns.get("id")
    return column is not None and column.kind == "id" and name not in ("transaction", "transactionline", "systemnote")


def ddl() -> list[str]:
    """The statements that make all tables that SuiteQL sees, but for an account's own."""
    statements = [create(name, columns) for name, columns in TABLES.items() if name not in VIEWS]
    statements += [f"CREATE VIEW {name} AS {select}" for name, select in VIEWS.items()]
    statements += [*INDEXES, balances.TABLE, *balances.triggers()]
    return statements
