"""The clerk's pages, and the auditor's dossiers."""

from django.urls import path

from servicedesk.desk import bookings, case_actions, dossiers, notices, views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("sit/", views.sit, name="desk_sit"),
    path("leave/", views.leave, name="desk_leave"),
    path("cases/", views.case_list, name="desk_cases"),
    path("cases/<uuid:case_id>/", case_actions.case_page, name="desk_case"),
    path("cases/<uuid:case_id>/move/", case_actions.move, name="desk_case_move"),
    path("cases/<uuid:case_id>/deadline/", case_actions.set_deadline, name="desk_case_deadline"),
    path("cases/<uuid:case_id>/phone/", case_actions.set_phone, name="desk_case_phone"),
    path("cases/<uuid:case_id>/return/", case_actions.return_papers, name="desk_case_return"),
    path("cases/<uuid:case_id>/sign/", case_actions.sign_receipt, name="desk_case_sign"),
    path("receipts/<uuid:handover_id>.pdf", case_actions.receipt_pdf, name="desk_receipt_pdf"),
    path("cases/<uuid:case_id>/result/", views.attach_result, name="desk_attach_result"),
    path("bookings/", bookings.day_list, name="desk_bookings"),
    path("bookings/check-in/", bookings.check_in, name="desk_check_in"),
    path("notice/", notices.notice, name="desk_notice"),
    path("notice/<uuid:notice_id>/attach/", notices.attach, name="desk_notice_attach"),
    path("notice/<uuid:notice_id>/more/", notices.more, name="desk_notice_more"),
    path("duty/extras/", notices.extras, name="duty_extras"),
    path("pages/<uuid:page_id>.jpg", views.page_image, name="desk_page_image"),
    path("forms/<uuid:form_id>.pdf", views.form_pdf, name="desk_form_pdf"),
    path("dossiers/", dossiers.dossier_list, name="dossiers"),
    path("dossiers/<uuid:session_id>/", dossiers.dossier_page, name="dossier"),
    path("dossiers/<uuid:session_id>/<slug:picture>.webm", dossiers.recording, name="dossier_recording"),
]
