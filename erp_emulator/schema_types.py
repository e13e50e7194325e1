"""The record types of the account, after NetSuite's REST API browser of 2026.1, as far as procure-to-pay needs them."""

from __future__ import annotations

from erp_emulator.schema import RecordType, Sublist, parse_fields

STANDARD = "externalId lastModifiedDate:datetime* isInactive:boolean"
HEADER = """
tranId tranDate:date memo customForm:ref:form entity:ref:vendor! subsidiary:ref:subsidiary currency:ref:currency
exchangeRate:number department:ref:department class:ref:classification location:ref:location
postingPeriod:ref:accountingPeriod externalId transactionNumber* createdDate:datetime* lastModifiedDate:datetime*
total:number* status:enum:status* nexus:string custbody_source_document custbody_document_hash custbody_note
"""
BILLING = """
billAddress:string* billAddressList:object billingAddress:object billingAddress_text* terms:ref:term dueDate:date
discountDate:date discountAmount:number
"""
APPROVAL = "approvalStatus:enum:approvalStatus nextApprover:ref:employee"
TAX = "taxDetailsOverride:boolean taxTotal:number* userTaxTotal:number userTotal:number* subtotal:number*"
SEGMENTS = "department:ref:department class:ref:classification location:ref:location customer:ref:entity"
LINE_TAX = (
    "taxCode:ref:salesTaxItem taxRate1:number tax1Amt:number taxAmount:number grossAmt:number taxDetailsReference"
)
ITEM_LINE = f"""
line:integer item:ref:item! itemType:enum:itemType* itemSubtype:enum:itemSubtype* description quantity:number
rate:number
amount:number units unitsDisplay* vendorName* {SEGMENTS} {LINE_TAX} isBillable:boolean isClosed:boolean isOpen:boolean*
inventoryDetail:object landedCostCategory:string uniqueKey:integer* custcol_note
"""
EXPENSE_LINE = f"""
line:integer account:ref:account category:ref:expenseCategory amount:number memo {SEGMENTS} {LINE_TAX}
isBillable:boolean isClosed:boolean isOpen:boolean* uniqueKey:integer* amortizationSched:string
"""
ORDER_LINK = "orderDoc:ref:transaction orderLine:integer"
APPLY_LINE = """
line:integer doc:ref:transaction apply:boolean amount:number applyDate:date* due:number* total:number* refNum* type*
currency* createdFrom:ref:transaction*
"""
TAX_LINE = """
line:integer taxDetailsReference taxCode:ref:salesTaxItem taxType:ref:taxType taxBasis:number taxRate:number
taxAmount:number
"""
ADDRESS_BOOK = """
addressBookAddress:object addressBookAddress_text* defaultBilling:boolean defaultShipping:boolean id internalId label
"""


def lines(name: str, fields: str, *, key: str = "line", is_static: bool = False) -> Sublist:
    return Sublist(name, parse_fields(fields), key, is_static)


def transaction(name: str, code: str, label: str, fields: str, *sublists: Sublist, **rest: object) -> RecordType:
    return RecordType(
        name,
        "transaction",
        label,
        parse_fields(fields),
        {each.name: each for each in sublists},
        code=code,
        prefix=str(rest.get("prefix", "")),
        name_fields=("tranId",),
        transforms=tuple(str(rest.get("transforms", "")).split()),
        permission=str(rest.get("permission", label)),
        subrecords=("billingAddress",) if "billingAddress:" in fields else (),
    )


def record(
    name: str,
    label: str,
    fields: str,
    *sublists: Sublist,
    family: str = "",
    code: str = "",
    named_by: str = "name",
    permission: str = "",
    transforms: str = "",
) -> RecordType:
    return RecordType(
        name,
        family or name,
        label,
        parse_fields(f"{fields} {STANDARD}"),
        {each.name: each for each in sublists},
        code=code,
        name_fields=tuple(named_by.split()),
        permission=permission or label,
        transforms=tuple(transforms.split()),
    )


ITEM_FIELDS = """
itemId! displayName description itemType:enum:itemType* itemSubtype:enum:itemSubtype* class:ref:classification
department:ref:department location:ref:location subsidiary:refs:subsidiary assetAccount:ref:account
expenseAccount:ref:account incomeAccount:ref:account cogsAccount:ref:account cost:number lastPurchasePrice:number
purchaseDescription vendorName parent:ref:item unitsType:ref:unitsType purchaseUnit stockUnit upcCode
isFulfillable:boolean matchBillToReceipt:boolean billPriceVarianceAcct:ref:account billQtyVarianceAcct:ref:account
billExchRateVarianceAcct:ref:account taxSchedule includeChildren:boolean fullName* averageCost:number*
totalQuantityOnHand:number* purchaseOrderAmount:number purchaseOrderQuantity:number purchaseOrderQuantityDiff:number
receiptAmount:number receiptQuantity:number receiptQuantityDiff:number createdDate:datetime*
"""
ITEM_VENDORS = lines(
    "itemVendor",
    "vendor:ref:vendor vendorCode preferredVendor:boolean purchasePrice:number subsidiary:ref:subsidiary line:integer",
)


def item(name: str, label: str, code: str) -> RecordType:
    return record(
        name,
        label,
        ITEM_FIELDS,
        ITEM_VENDORS,
        family="item",
        code=code,
        named_by="itemId",
        permission="Items",
    )


TOLERANCES = """
purchaseOrderAmount:number purchaseOrderQuantity:number purchaseOrderQuantityDiff:number receiptAmount:number
receiptQuantity:number receiptQuantityDiff:number
"""
ENTITY = """
entityId altName companyName firstName lastName isPerson:boolean email phone fax url comments subsidiary:ref:subsidiary
currency:ref:currency defaultAddress*- legalName printOnCheckAs externalId dateCreated:datetime*
"""
TREE = "name! fullName* parent:ref:{0} includeChildren:boolean subsidiary:refs:subsidiary externalId"

TYPES: list[RecordType] = [
    transaction(
        "purchaseOrder",
        "PurchOrd",
        "Purchase Order",
        f"""{HEADER} {BILLING} {APPROVAL} {TAX} orderStatus:enum:orderStatus* balance:number* employee:ref:employee
        email
        createdFrom:ref:transaction* fob incoTerm isCrossSubTransaction:boolean message originator otherRefNum
        prevDate:date*
        purchaseContract:ref:transaction shipTo:ref:entity shipAddress shipDate:date shipMethod source
        supervisorApproval:boolean
        toBeEmailed:boolean toBeFaxed:boolean toBePrinted:boolean linkedTrackingNumbers unbilledOrders:number*
        intercoTransaction:ref:transaction taxItem:ref:salesTaxItem""",
        lines(
            "item",
            f"""{ITEM_LINE} expectedReceiptDate:date matchBillToReceipt:boolean quantityBilled:number*
            quantityReceived:number* quantityOnShipments:number* quantityAvailable:number* quantityOnHand:number*
            lastPurchasePrice:number* createdFrom:ref:transaction* linkedOrder:refs purchaseContract:ref:transaction
            targetLocation:ref:location""",
        ),
        lines("expense", f"{EXPENSE_LINE} quantityBilled:number* amountBilled:number*"),
        lines("taxDetails", TAX_LINE),
        prefix="PO",
        transforms="itemReceipt vendorBill vendorReturnAuthorization",
    ),
    transaction(
        "itemReceipt",
        "ItemRcpt",
        "Item Receipt",
        f"""{HEADER.replace("entity:ref:vendor!", "entity:ref:vendor")} createdFrom:ref:transaction! orderId:integer*
        orderType* landedCostMethod landedCostPerLine:boolean""",
        lines(
            "item",
            f"""{ITEM_LINE} {ORDER_LINK} itemReceive:boolean currency itemFxAmount:number* itemName*
            itemUnitPrice:number*
            isDropShipment:boolean onHand:number* quantityRemaining:number* quantityRemainingDisplay:number*
            unitCostOverride:number""",
            is_static=True,
        ),
        lines(
            "expense",
            f"{EXPENSE_LINE} {ORDER_LINK} markReceived:boolean",
            is_static=True,
        ),
        prefix="ITEMRCPT",
        transforms="",
    ),
    transaction(
        "vendorBill",
        "VendBill",
        "Bill",
        f"""{HEADER} {BILLING} {APPROVAL} {TAX} account:ref:account balance:number* availableVendorCredit:number*
        creditLimit:number*
        documentStatus entityTaxRegNum endDate:date installment:object landedCosts:object paymentHold:boolean
        prevDate:date* received:boolean toBePrinted:boolean unbilledOrders:number* vatRegNum*
        suppressUserEventsAndEmails voided:boolean*""",
        lines(
            "item",
            f"""{ITEM_LINE} {ORDER_LINK} billReceipts:refs:transaction billVarianceStatus:enum:billVarianceStatus*
            linked:boolean*""",
        ),
        lines("expense", f"{EXPENSE_LINE} {ORDER_LINK}"),
        lines("taxDetails", TAX_LINE),
        prefix="VENDBILL",
        transforms="vendorCredit vendorPayment vendorReturnAuthorization",
    ),
    transaction(
        "vendorCredit",
        "VendCred",
        "Bill Credit",
        f"""{HEADER} {BILLING.replace("terms:ref:term", "")} {TAX} account:ref:account applied:number* unapplied:number*
        autoApply:boolean createdFrom:ref:transaction intercoTransaction:ref:transaction voided:boolean*""",
        lines("item", f"{ITEM_LINE} {ORDER_LINK}"),
        lines("expense", f"{EXPENSE_LINE} {ORDER_LINK}"),
        lines("apply", APPLY_LINE, key="line"),
        lines("taxDetails", TAX_LINE),
        prefix="VENDCRED",
    ),
    transaction(
        "vendorPayment",
        "VendPymt",
        "Bill Payment",
        f"""{HEADER.replace("entity:ref:vendor!", "entity:ref:entity!")} account:ref:account apAcct:ref:account
        {APPROVAL} availableBalance:number* balance:number* cleared:boolean
        clearedDate:date isInTransitPayment:boolean payeeAddress printVoucher:boolean toBePrinted:boolean
        unapplied:number*
        applied:number* voidJournal:ref:transaction* voided:boolean*""",
        lines("apply", APPLY_LINE),
        lines("credit", f"{APPLY_LINE} appliedTo creditDate:date*"),
        prefix="VENDPYMT",
    ),
    transaction(
        "vendorPrepayment",
        "VPrep",
        "Vendor Prepayment",
        f"""{HEADER} account:ref:account prepaymentAccount:ref:account payment:number! applied:number* unapplied:number*
        purchaseOrder:ref:transaction payee:ref:vendor voided:boolean*""",
        prefix="VPREP",
    ),
    transaction(
        "vendorReturnAuthorization",
        "VendAuth",
        "Vendor Return Authorization",
        f"""{HEADER} {BILLING} {APPROVAL} {TAX} orderStatus:enum:returnStatus createdFrom:ref:transaction""",
        lines(
            "item",
            f"{ITEM_LINE} {ORDER_LINK} quantityBilled:number* quantityReceived:number*",
        ),
        lines("expense", f"{EXPENSE_LINE} {ORDER_LINK} amountBilled:number*"),
        prefix="VENDAUTH",
        transforms="vendorCredit itemFulfillment",
    ),
    transaction(
        "itemFulfillment",
        "ItemShip",
        "Item Fulfillment",
        f"""{HEADER.replace("entity:ref:vendor!", "entity:ref:vendor")} createdFrom:ref:transaction! orderId:integer*
        orderType* shipStatus:enum:shipStatus""",
        lines("item", f"{ITEM_LINE} {ORDER_LINK} itemReceive:boolean", is_static=True),
        prefix="ITEMSHIP",
    ),
    transaction(
        "expenseReport",
        "ExpRept",
        "Expense Report",
        f"""{HEADER.replace("entity:ref:vendor!", "entity:ref:employee!")} {APPROVAL} account:ref:account duedate:date
        advance:number amount:number* corporatecard:number* complete:boolean supervisorapproval:boolean
        accountingapproval:boolean usemulticurrency:boolean acctcorpcardexp:ref:account balance:number*""",
        lines(
            "expense",
            f"""line:integer expensedate:date category:ref:expenseCategory expenseaccount:ref:account amount:number
            currency:ref:currency exchangerate:number foreignamount:number memo {SEGMENTS} isBillable:boolean
            isnonreimbursable:boolean corporatecreditcard:boolean receipt:boolean expmediaitem:ref:file quantity:number
            rate:number refnumber:integer taxCode:ref:salesTaxItem uniqueKey:integer*""",
        ),
        prefix="EXP",
    ),
    transaction(
        "journalEntry",
        "Journal",
        "Journal",
        f"""{HEADER.replace("entity:ref:vendor!", "entity:ref:entity")} {APPROVAL} approved:boolean reversalDate:date
        reversalDefer:boolean toSubsidiary:ref:subsidiary createdFrom:ref:transaction* voided:boolean*""",
        lines(
            "line",
            f"""line:integer account:ref:account! debit:number credit:number memo entity:ref:entity {SEGMENTS}
            eliminate:boolean uniqueKey:integer*""",
        ),
        prefix="JOURNAL",
        permission="Make Journal Entry",
    ),
    transaction(
        "check",
        "Check",
        "Check",
        f"{HEADER.replace('entity:ref:vendor!', 'entity:ref:entity!')} {TAX} account:ref:account! "
        f"toBePrinted:boolean voided:boolean*",
        lines("item", ITEM_LINE),
        lines("expense", EXPENSE_LINE),
        prefix="CHECK",
    ),
    transaction(
        "deposit",
        "Deposit",
        "Deposit",
        f"{HEADER.replace('entity:ref:vendor!', 'entity:ref:entity')} account:ref:account!",
        lines(
            "other",
            f"line:integer account:ref:account! entity:ref:entity amount:number memo refNum {SEGMENTS} "
            f"uniqueKey:integer*",
        ),
        prefix="DEPOSIT",
    ),
    record(
        "inboundShipment",
        "Inbound Shipment",
        "shipmentNumber shipmentStatus expectedDeliveryDate:date actualDeliveryDate:date vesselNumber billOfLading "
        "externalDocumentNumber shipmentMemo",
        lines(
            "items",
            "line:integer id purchaseOrder:ref:transaction shipmentItem:integer quantityExpected:number "
            "quantityReceived:number* poRate:number*",
        ),
        named_by="shipmentNumber",
    ),
    record(
        "vendor",
        "Vendor",
        f"""{ENTITY} accountNumber category:ref:vendorCategory
        balance:number* balancePrimary:number* unbilledOrders:number*
        expenseAccount:ref:account
        payablesAccount:ref:account is1099Eligible:boolean taxIdNum taxItem:ref:salesTaxItem terms:ref:term
        vatRegNumber creditLimit:number incoterm custentity_iban custentity_bic custentity_bank_name {TOLERANCES}
        customForm:ref:form-""",
        lines("addressBook", ADDRESS_BOOK, key="id"),
        lines("currencyList", "line:integer currency:ref:currency balance:number*"),
        lines("contactRoles", "line:integer contact:ref:contact role email"),
        family="entity",
        code="Vendor",
        named_by="entityId companyName",
        permission="Vendors",
        transforms="purchaseOrder vendorBill vendorPayment",
    ),
    record(
        "employee",
        "Employee",
        f"""{ENTITY} department:ref:department location:ref:location class:ref:classification supervisor:ref:employee
        title
        approvalLimit:number expenseLimit:number purchaseOrderLimit:number purchaseOrderApprovalLimit:number
        isSalesRep:boolean
        giveAccess:boolean""",
        lines("addressBook", ADDRESS_BOOK, key="id"),
        family="entity",
        code="Employee",
        named_by="entityId",
        permission="Employees",
        transforms="expenseReport",
    ),
    record(
        "customer",
        "Customer",
        f"{ENTITY} category entityStatus:object terms:ref:term balance:number* creditLimit:number vatRegNumber "
        f"parent:ref:customer",
        lines("addressBook", ADDRESS_BOOK, key="id"),
        family="entity",
        code="CustJob",
        named_by="entityId companyName",
        permission="Customers",
    ),
    record(
        "job",
        "Project",
        f"{ENTITY} parent:ref:customer projectManager:ref:employee startDate:date projectedEndDate:date",
        lines("addressBook", ADDRESS_BOOK, key="id"),
        family="entity",
        code="Job",
        named_by="entityId companyName",
        permission="Projects",
    ),
    record(
        "contact",
        "Contact",
        f"{ENTITY} company:ref:entity title",
        lines("addressBook", ADDRESS_BOOK, key="id"),
        family="entity",
        code="Contact",
        named_by="entityId",
        permission="Contacts",
    ),
    item("inventoryItem", "Inventory Item", "InvtPart"),
    item("assemblyItem", "Assembly Item", "Assembly"),
    item("nonInventoryPurchaseItem", "Non-Inventory Item for Purchase", "NonInvtPart:Purchase"),
    item("nonInventoryResaleItem", "Non-Inventory Item for Resale", "NonInvtPart:Resale"),
    item("nonInventorySaleItem", "Non-Inventory Item for Sale", "NonInvtPart:Sale"),
    item("servicePurchaseItem", "Service Item for Purchase", "Service:Purchase"),
    item("serviceResaleItem", "Service Item for Resale", "Service:Resale"),
    item("serviceSaleItem", "Service Item for Sale", "Service:Sale"),
    item("otherChargePurchaseItem", "Other Charge for Purchase", "OthCharge:Purchase"),
    item("otherChargeResaleItem", "Other Charge for Resale", "OthCharge:Resale"),
    item("otherChargeSaleItem", "Other Charge for Sale", "OthCharge:Sale"),
    record(
        "account",
        "Account",
        """acctNumber acctName! acctType:enum:acctType! currency:ref:currency description fullName*
        displayNameWithHierarchy* accountSearchDisplayName* isSummary:boolean parent:ref:account
        subsidiary:refs:subsidiary
        includeChildren:boolean balance:number* sSpecAcct eliminate:boolean inventory:boolean""",
        named_by="acctNumber acctName",
        permission="Accounts",
    ),
    record(
        "subsidiary",
        "Subsidiary",
        f"""name! fullName* legalName parent:ref:subsidiary currency:ref:currency country:enum:country
        isElimination:boolean
        edition fiscalCalendar email url federalIdNumber mainAddress:object returnAddress:object {TOLERANCES}""",
        permission="Subsidiaries",
    ),
    record("department", "Department", TREE.format("department"), permission="Departments"),
    record("classification", "Class", TREE.format("classification"), permission="Classes"),
    record(
        "location",
        "Location",
        TREE.format("location")
        + " mainAddress:object returnAddress:object useBins:boolean makeInventoryAvailable:boolean",
        permission="Locations",
    ),
    record(
        "currency",
        "Currency",
        "name! symbol displaySymbol exchangeRate:number isBaseCurrency:boolean currencyPrecision:integer "
        "symbolPlacement:string",
        permission="Currency",
    ),
    record(
        "term",
        "Term",
        "name! daysUntilNetDue:integer discountPercent:number daysUntilExpiry:integer dateDriven:boolean "
        "preferred:boolean",
        permission="Accounting Lists",
    ),
    record(
        "accountingPeriod",
        "Accounting Period",
        """periodName! startDate:date! endDate:date! closed:boolean closedOnDate:date* apLocked:boolean arLocked:boolean
        allLocked:boolean payrollLocked:boolean allowNonGLChanges:boolean isPosting:boolean isAdjust:boolean
        isQuarter:boolean isYear:boolean parent:ref:accountingPeriod fiscalCalendar""",
        named_by="periodName",
        permission="Manage Accounting Periods",
    ),
    record(
        "expenseCategory",
        "Expense Category",
        "name! description expenseAcct:ref:account defaultRate:number subsidiary:refs:subsidiary",
        permission="Expense Categories",
    ),
    record("vendorCategory", "Vendor Category", "name!", permission="Accounting Lists"),
    record(
        "vendorSubsidiaryRelationship",
        "Vendor-Subsidiary Relationship",
        "entity:ref:vendor! subsidiary:ref:subsidiary! isPrimarySub:boolean balance:number* creditLimit:number "
        "taxItem:ref:salesTaxItem",
        named_by="id",
        permission="Vendors",
    ),
    record(
        "salesTaxItem",
        "Tax Code",
        """itemId! rate:number taxType:ref:taxType taxAccount:ref:account purchaseAccount:ref:account
        saleAccount:ref:account
        description country:enum:country subsidiary:refs:subsidiary isExport:boolean isReverseCharge:boolean""",
        named_by="itemId",
        permission="Set Up Taxes",
    ),
    record(
        "taxType",
        "Tax Type",
        "name! country:enum:country description receivablesAccount:ref:account payablesAccount:ref:account",
        permission="Set Up Taxes",
    ),
    record(
        "unitsType",
        "Units Type",
        "name!",
        lines(
            "uom",
            "line:integer internalId unitName abbreviation pluralName pluralAbbreviation conversionRate:number "
            "baseUnit:boolean",
        ),
        permission="Units",
    ),
]
BY_LOWER: dict[str, RecordType] = {each.name.lower(): each for each in TYPES}
BY_CODE: dict[str, RecordType] = {each.code: each for each in TYPES if each.code}
